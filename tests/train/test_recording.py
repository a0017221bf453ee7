import numpy as np

from conflictcoder.windows import Piece, Window
from train.recording import RecordingRuntime


class Counting:
    batch_articles = 3

    def __init__(self):
        self.ran = 0

    def run(self, windows):
        self.ran += len(windows)
        return [{"spans": window.input_ids.astype(np.float32)} for window in windows]


def test_what_was_run_is_not_run_again_and_is_forgotten():
    inner = Counting()
    recorder = RecordingRuntime(inner)
    windows = [Window(np.array([number, 1]), (Piece(0, slice(0, 1), 1),)) for number in (7, 8, 7)]
    assert recorder.batch_articles == 3
    recorder.run(windows)
    taken = recorder.take(windows)
    assert [outputs["spans"].tolist() for outputs in taken] == [[7, 1], [8, 1], [7, 1]]
    assert inner.ran == 4  # the third is the first again, which had been taken
    recorder.take(windows[:1])
    assert inner.ran == 5
