"""Misbehaving collectors for the tests: `python -m tests.pipeline.orchestration.collectors PARENT` does what
COLLECTOR_TEST says."""

import os
import signal
import sys
import time

from pipeline.worker.processes import die_with_parent


def main() -> int:
    die_with_parent(int(sys.argv[1]))
    match os.environ["COLLECTOR_TEST"]:
        case "fails":
            sys.stderr.writelines(f"line {number}\n" for number in range(500))
            return 3
        case "dies at once":
            os.kill(os.getpid(), signal.SIGKILL)
        case "answers nonsense":
            sys.stdout.write("this is no row\n")
        case "never ends":
            with open(os.environ["COLLECTOR_PID"], "w") as file:
                file.write(str(os.getpid()))
            time.sleep(600)
    return 0


if __name__ == "__main__":
    sys.exit(main())
