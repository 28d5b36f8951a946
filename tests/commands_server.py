"""`lookback` for a shell, without the seconds that jax takes to import: what has it forks for each call.

python tests/commands_server.py SOCKET      serves until it is stopped
python tests/commands_server.py SOCKET lookback ARGUMENTS      what the shell calls
"""

import array
import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path


def serve(path: str) -> None:
    """Fork for every call: the child has the caller's streams, folder and environment."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a child: it tells its caller itself
    import flax.linen  # noqa: F401
    import orbax.checkpoint  # noqa: F401

    from experiments.__main__ import main

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        print("ready", flush=True)
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                answer(connection, main)
            connection.close()


def answer(connection: socket.socket, main) -> None:
    """Be the command that a caller asks for, and tell it the exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    received, ancillary, *_ = connection.recvmsg(1 << 20, socket.CMSG_LEN(12))
    streams = array.array("i", ancillary[0][2])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode) for number, mode in enumerate(("r", "w", "w")))
    asked = json.loads(received)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    try:
        code = main(asked["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(code)


def call(path: str, arguments: list[str]) -> int:
    """Hand the streams over and wait for the exit code."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
        return (connection.recv(1) or b"\1")[0]


if __name__ == "__main__":
    place, *rest = sys.argv[1:]
    sys.exit(call(place, rest[1:]) if rest else serve(place))
