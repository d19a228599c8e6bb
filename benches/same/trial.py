"""Runs one command for benches/same.py and collects its output and files."""

import contextlib, hashlib, os, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_MOST = 120
# Random parts of the output: names of temporary files, process ids, the key of a form.
DRAWN = [
    (rb"(?<=/SAME/scratch/)[\w.-]+", b"TEMPORARY"),
    (rb"\.votekit-\w{6}\b", b".votekit-TEMPORARY"),
    (rb"kill: \(\d+\)", b"kill: (PROCESS)"),
    (rb'(?<=name="key" value=")[0-9a-f]{32}', b"KEY"),
]
NOW = "2026-11-24 12:00:00"


@dataclass(frozen=True)
class Trial:
    """`command` is run by bash in a new folder that holds `inputs`, or in a copy of `folder`."""

    name: str
    command: str
    inputs: tuple = ()
    folder: Path | None = None
    # Whether the clock is frozen, so that votes get equal times. Must be False for commands that wait for the clock.
    frozen: bool = True
    note: str = ""


@dataclass
class Outcome:
    """The result of a command."""

    code: int
    stdout: bytes
    stderr: bytes
    files: dict = field(default_factory=dict)


@contextlib.contextmanager
def frozen_clock():
    """The environment in which the time is always NOW; empty if faketime is not installed. All processes share the shared memory
    of one faketime while the context is open; otherwise each would leave its own behind."""
    if not shutil.which("faketime"):
        yield {}
        return
    script = ["faketime", "-f", NOW, "bash", "-c", "env; echo; exec cat"]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:
        told = dict(line.rstrip("\n").split("=", 1) for line in iter(keeper.stdout.readline, "\n") if "=" in line)
        wanted = {name: value for name, value in told.items() if name.startswith(("LD_PRELOAD", "FAKETIME"))}
        yield {**wanted, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        keeper.stdin.close()


def free_port():
    """A free port of 127.0.0.1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Place:
    """A worker's folder. Old and new run at the same path in turn, so that messages with paths are equal."""

    def __init__(self, pool, binaries, clock):
        self.pool, self.clock = pool, clock
        self.root = Path(tempfile.mkdtemp(prefix="votekit-same-"))
        # Cases may run votekit as another user, who must be able to read the folder.
        self.root.chmod(0o755)
        self.port = free_port()
        for side, votekit in binaries.items():
            (self.root / side).mkdir()
            os.symlink(votekit, self.root / side / "votekit")

    def environment(self, side, trial):
        """A clean environment with only the PATH of the user."""
        return {
            "PATH": f"{self.root / side}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.root / "run"),
            "T": str(self.root / "scratch"),
            "PORT": str(self.port),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "TMPDIR": str(self.root / "scratch"),
            **(self.clock if trial.frozen else {}),
        }

    def prepare(self, trial):
        """Creates the folders `run`, with the inputs, and `scratch`; returns their content."""
        for name in ("run", "scratch"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        if trial.folder:
            shutil.copytree(trial.folder, self.root / "run", symlinks=True)
        else:
            (self.root / "run").mkdir()
        for name in trial.inputs:
            copy(self.pool / name, self.root / "run" / name)
        (self.root / "scratch").mkdir()
        return self.snapshot()

    def snapshot(self):
        """The content of the folders `run` and `scratch` by path."""
        found = {}
        for name in ("run", "scratch"):
            for folder, folders, files in os.walk(self.root / name):
                for entry in [*folders, *files]:
                    path = Path(folder, entry)
                    known = re.sub(r"tmp\.\w{10}", "tmp.TEMPORARY", str(path.relative_to(self.root)))
                    found[known] = content(path)
        return found

    def run(self, side, trial):
        """Runs `trial` with the binary `side`."""
        before = self.prepare(trial)
        child = subprocess.Popen(
            ["bash", "-c", trial.command],
            cwd=self.root / "run",
            env=self.environment(side, trial),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = child.communicate(timeout=SECONDS_MOST)
            code = child.returncode
        except subprocess.TimeoutExpired:
            out, err, code = b"", f"no answer in {SECONDS_MOST} s".encode(), 124
        finally:
            end_group(child)
        after = self.snapshot()
        files = {path: what for path, what in after.items() if before.get(path) != what}
        files.update({path: "gone" for path in before if path not in after})
        return Outcome(code, self.equal_text(out, trial), self.equal_text(err, trial), files)

    def equal_text(self, text, trial):
        """Masks what varies from run to run in `text`: times, if the clock runs, and names of temporary files."""
        text = text.replace(str(self.root).encode(), b"/SAME")
        for drawn, name in DRAWN:
            text = re.sub(drawn, name, text)
        if trial.frozen and self.clock:
            return text
        text = re.sub(time.strftime("%Y-%m-%d").encode() + rb"[T ]\d\d:\d\d(:\d\d)?", b"TIME", text)
        return re.sub(time.strftime(r"%b +%-d \d\d:\d\d").encode(), b"TIME", text)

    def remove(self):
        """Removes all files."""
        shutil.rmtree(self.root, ignore_errors=True)


def copy(source, to):
    """Copies a file or folder, keeping links."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not to.exists():
        shutil.copytree(source, to, symlinks=True)
    elif source.is_file():
        shutil.copyfile(source, to)


def end_group(child):
    """Kills what the command left running."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    child.stdout.close()
    child.stderr.close()


def content(path):
    """The content at `path` as text that can be compared and shown."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if path.is_dir():
        return "folder"
    if not path.is_file():
        return "special file"
    data = path.read_bytes()
    mode = f"mode {path.stat().st_mode & 0o777:o}\n"
    if data.startswith(b"SQLite format 3\0"):
        return mode + dump(path)
    if path.name.endswith(("-wal", "-shm")):
        return mode + "there"
    # Long content is compared by its hash.
    if len(data) > 1 << 20:
        return mode + hashlib.sha256(data).hexdigest()
    return mode + data.decode(errors="backslashreplace")


def dump(path):
    """A database as text: settings, schema, and rows in the order of their ids."""
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("", "-wal"):
            if Path(f"{path}{ending}").exists():
                shutil.copyfile(f"{path}{ending}", f"{folder}/copy{ending}")
        base = sqlite3.connect(f"{folder}/copy")
        base.text_factory = lambda data: data.decode(errors="backslashreplace")
        try:
            return "".join(line + "\n" for line in dumped(base))
        except sqlite3.Error as error:
            return f"a database that cannot be dumped ({error}): {hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
        finally:
            base.close()


def dumped(base):
    for setting in ("application_id", "user_version", "page_size", "encoding", "journal_mode", "auto_vacuum"):
        value = base.execute(f"PRAGMA {setting}").fetchone()[0]
        # A database of events contains a random number that identifies it.
        yield f"{setting} {'drawn' if setting == 'user_version' and abs(value) > 1000 else value}"
    tables = []
    for kind, name, sql in base.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"):
        yield f"{kind} {name}: {sql}"
        tables += [name] if kind == "table" else []
    for table in tables:
        for row in base.execute(f'SELECT * FROM "{table}"'):
            yield (
                table
                + "\t"
                + "\t".join(
                    f"blob {hashlib.sha256(value).hexdigest()}" if isinstance(value, bytes) else repr(value) for value in row
                )
            )
