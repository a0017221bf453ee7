from train.doubts import find_doubts

from ..conftest import TEN, tiny_config, write_data


def test_a_wrong_label_is_doubted(root, tiny_backbone, tmp_path):
    """One of many copies has two wrong types and lacks an argument; the model of the others finds all.

    It is taught by the labels alone: this teacher is not even there.
    """
    wrong = TEN.replace("[Lwepan]{l1 LOCATION}", "[Lwepan]{l1 PERSON}").replace(
        "{e1 WITHDRAWAL ACTOR=a1 PLACE=l1}", "{e1 WITHDRAWAL ACTOR=a1}"
    )
    wrong = wrong.replace("{e1 PROTEST ", "{e1 TROOP_MOVEMENT ")
    wrong = wrong.replace(
        "{e1 AIR_STRIKE TARGET=c1 FATALITIES=q1 PLACE=l1}", "{e1 AIR_STRIKE FATALITIES=q1 PLACE=l1}"
    )
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
    assert ("d2", 3, "villagers", "not TARGET of 'airstrike'", "TARGET of 'airstrike'") in found
    protest = {(place, label, model) for _, place, _, label, model in found if "PROTEST" in model}
    assert (9, "reports no PROTEST", "reports PROTEST") in protest
    assert doubts == sorted(doubts, reverse=True)
    again = find_doubts(config, ["train"], 3, resume=True)
    assert again == doubts
