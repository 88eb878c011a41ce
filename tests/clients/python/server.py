"""Starts embedded-clickhouse, as it was built, on a free port and a folder of its own."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
PAUSE_S = 0.025


class Server:
    """A running process; `close` ends it."""

    def __init__(self, *args: str):
        self.folder = tempfile.mkdtemp(prefix="tidemark-clients-")
        binary = TARGET / "debug/embedded-clickhouse"
        if not binary.is_file():
            raise FileNotFoundError(f"{binary} is missing: cargo build -p tidemark-embedded-clickhouse")
        command = [binary, "--listen", "127.0.0.1:0", "--data", self.folder, "--log-level", "warn", *args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.url = ready["url"]
        self.port = int(self.url.rpartition(":")[2])

    def ask(self, sql: str) -> str:
        """The answer to a query that has no other client's help."""
        try:
            with urllib.request.urlopen(f"{self.url}/", data=sql.encode()) as response:
                return response.read().decode().rstrip()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{sql}: {error.read().decode()}") from error

    def until(self, sql: str, answer: str, deadline_s: float = 30) -> None:
        """Asks again and again until the answer is as wanted."""
        end = time.monotonic() + deadline_s
        while (got := self.ask(sql)) != answer:
            if time.monotonic() > end:
                raise AssertionError(f"{sql} stays {got!r}, not {answer!r}")
            time.sleep(PAUSE_S)

    def peak_mib(self) -> float:
        """The most memory that the process has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
