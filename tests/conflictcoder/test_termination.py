import signal
import threading

import pytest

from conflictcoder.termination import Terminated, terminable


@pytest.fixture(autouse=True)
def default():
    """The signal's default, which ends the process, before and after a test."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    signal.signal(signal.SIGTERM, before)


def test_signal_becomes_an_interrupt_once():
    with pytest.raises(KeyboardInterrupt) as caught, terminable():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)  # while the run cleans up
            cleaned = True
    assert caught.type is Terminated
    assert cleaned


def test_handler_of_somebody_else_stays():
    got = []
    handler = lambda *_: got.append(1)  # noqa: E731 - compared by identity
    signal.signal(signal.SIGTERM, handler)
    with terminable():
        signal.raise_signal(signal.SIGTERM)
    assert (got, signal.getsignal(signal.SIGTERM)) == ([1], handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_other_threads_change_nothing():
    seen = []

    def run():
        with terminable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
