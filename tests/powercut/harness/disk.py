"""A disk whose power can be cut: the file system of ../src, mounted for one run."""
import os
import pathlib
import shutil
import subprocess

TARGET = os.environ.get("CARGO_TARGET_DIR") or pathlib.Path(__file__).resolve().parent.parent / "target"
PROGRAM = pathlib.Path(TARGET) / "release/powercut"


class Disk:
    """A mounted file system; leaves no mount behind."""

    def __init__(self, folder, model, base=None, sync_us=0, options=()):
        self.place = folder / "disk"
        self.place.mkdir(parents=True, exist_ok=True)
        command = [PROGRAM, self.place, "--model", model, "--sync-us", str(sync_us), *options]
        if base:
            command += ["--from", base]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "mounted":
            raise RuntimeError("the file system could not be mounted")

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise RuntimeError(f"{command}: {answer}")
        return answer

    def events(self):
        return int(self.tell("events").split()[1])

    def is_cut(self):
        return self.tell("events").startswith("cut")

    def arm(self, after):
        self.tell(f"arm {after}")

    def arm_when(self, after, text):
        self.tell(f"when {after} {text}")

    def cut(self):
        self.tell("cut")

    def image(self, luck, to):
        """Writes what is left after the power failure into the folder `to`, anew."""
        shutil.rmtree(to, ignore_errors=True)
        return self.tell(f"image {luck} {to}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()
        self.process.wait(20)
