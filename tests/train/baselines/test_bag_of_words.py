from train.baselines.bag_of_words import BagOfWordsClassifier
from train.metrics.items import event_type_items


def test_it_learns_the_types_of_sentences(ten):
    coder = BagOfWordsClassifier([ten.document] * 3)
    coded = coder.code(ten.document)
    assert event_type_items(coded) == event_type_items(ten.document)
    assert not any(sentence.entities or sentence.events for sentence in coded.sentences)
