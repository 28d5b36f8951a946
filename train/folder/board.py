"""TensorBoard's files of a run: the numbers of metrics.jsonl once more, for its pictures; we never read them.

The package's own summary writer has a thread, which prints a traceback when the disk is full: this has none.
"""

import time
from pathlib import Path


class Board:
    """One more event file, of a run that goes on behind `step`: of older files TensorBoard shows no more."""

    def __init__(self, directory: Path, step: int):
        # Imported here: the protocol buffers behind it take a second that no other command should wait for.
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        directory.mkdir(exist_ok=True)
        self.event = Event
        self.file = EventsWriter(str(directory / "events"))
        start = SessionLog(status=SessionLog.START)
        self.file.write_event(Event(wall_time=time.time(), step=step, session_log=start))

    def write(self, step: int, numbers: dict[str, float]) -> None:
        """A point of each curve."""
        from tensorboardX.summary import scalar

        for name, value in numbers.items():
            event = self.event(wall_time=time.time(), step=step, summary=scalar(name, value))
            self.file.write_event(event)

    def close(self) -> None:
        """Close the file."""
        self.file.close()
