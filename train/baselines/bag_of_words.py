"""Event types of a sentence from its words and word pairs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from conflictcoder.document import Document, EventType


class BagOfWordsClassifier:
    """TF-IDF with one logistic regression for each type that the documents have.

    Args:
        documents: Labelled documents.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._types = MultiLabelBinarizer()
        sentences = [sentence for document in documents for sentence in document.sentences]
        labels = [[entry.type for entry in sentence.event_types] for sentence in sentences]
        self._model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            OneVsRestClassifier(LogisticRegression(C=20.0, class_weight="balanced", max_iter=1000)),
        )
        self._model.fit([sentence.text for sentence in sentences], self._types.fit_transform(labels))

    def code(self, gold: Document) -> Document:
        """Classify the sentences of a document anew; they get event types and nothing else."""
        predicted = self._model.predict([sentence.text for sentence in gold.sentences])
        return replace(
            gold,
            sentences=tuple(
                replace(
                    sentence, entities=(), events=(), event_types=tuple(EventType(name) for name in names)
                )
                for sentence, names in zip(
                    gold.sentences, self._types.inverse_transform(predicted), strict=True
                )
            ),
        )
