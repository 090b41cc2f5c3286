"""`make test`: the checks beside the tests. `python -m tests.gate CHECK... -- TEST...`, two commands.

The tests print as they run; what the checks print follows in one piece. Exit code 1 if either failed. The last line
says how long it took.
"""

import subprocess
import sys
import tempfile
import time


def main(check: list[str], test: list[str]) -> int:
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        checks = subprocess.Popen(check, stdout=output, stderr=subprocess.STDOUT)
        try:
            tests = subprocess.run(test, check=False).returncode
            checks.wait()
        finally:
            checks.terminate()
        output.seek(0)
        sys.stdout.write(f"\n{output.read()}\n")
    checked, tested = (f"failed ({code})" if code else "passed" for code in (checks.returncode, tests))
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    sys.stdout.write(f"checks {checked}, tests {tested}, in {minutes} min {seconds:02} s\n")
    return int(bool(checks.returncode or tests))


if __name__ == "__main__":
    commands = sys.argv[1:]
    border = commands.index("--")
    sys.exit(main(commands[:border], commands[border + 1 :]))
