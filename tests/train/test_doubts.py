from train.doubts import find_doubts

from ..conftest import TEN, tiny_config, write_data


def test_a_wrong_label_is_doubted(root, tiny_backbone, tmp_path):
    """One of many copies has a wrong type and lacks an argument; the model of the others finds both.

    It is taught by the labels alone: this teacher is not even there.
    """
    wrong = TEN.replace("[Lwepan]{l1 LOCATION}", "[Lwepan]{l1 PERSON}").replace(
        "ACTOR=a1 PLACE=l1}] from", ""
    )
    wrong = wrong.replace("{e1 WITHDRAWAL ACTOR=a1 PLACE=l1}", "{e1 WITHDRAWAL ACTOR=a1}")
    ann = {f"d{n}": (wrong if n == 2 else TEN).replace("# id: ten", f"# id: d{n}") for n in range(4)}
    ontology = (root / "data" / "ontology.yaml").read_text(encoding="utf-8")
    data = write_data(tmp_path / "data", ann, ontology, {"dev": ["d3"]})
    config = tiny_config(
        data,
        tiny_backbone,
        tmp_path,
        training__epochs=120,
        training__evaluations=1,
        distillation={"teachers": ["has seen all of them"]},
    )
    doubts = find_doubts(config, ["train"], 3)
    found = {(doubt.document, doubt.sentence, doubt.text, doubt.label, doubt.model) for doubt in doubts[:10]}
    assert ("d2", 2, "Lwepan", "B-PERSON", "B-LOCATION") in found
    assert doubts == sorted(doubts, reverse=True)
    again = find_doubts(config, ["train"], 3, resume=True)
    assert again == doubts
