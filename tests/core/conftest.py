"""A cloud with a service made for these tests, and no wire."""

import asyncio
from dataclasses import dataclass

import pytest

from glasshouse.core import Service, ServiceError, Table, on, outside
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud


@dataclass
class Note:
    name: str
    text: str
    heard: int = 0


class NoteAlreadyExists(ServiceError):
    """There is such a note already."""


class Notes(Service):
    name = "notes"
    notes = Table(Note, key="name")

    def put_note(self, name: str, text: str, fail: bool = False):
        if self.notes.get(name):
            raise NoteAlreadyExists()
        self.tell(f"note {name}")
        self.state("NotePut", name=name)
        note = self.notes.put(Note(name, text))
        if fail:
            raise ServiceError("too late")
        return note

    def put_two(self, first: str, second: str):
        self.put_note(first, "outer")
        try:
            self.aws.notes.put_note(Name=second, Text="inner", Fail=True)
        except ServiceError:
            self.aws.notes.put_note(Name=f"not {second}", Text="inner")

    def put_one(self, name: str):
        self.aws.notes.put_note(Name=name, Text="by another")

    def put_three(self, name: str):
        """By a seam, which asks as `put_note` is asked and takes besides who has written the note."""
        put = self.aws.seam("notes", "put_note", "_put_signed")
        for number in range(3):
            put({"Name": f"{name}{number}", "Text": "by"}, author="me")

    def _put_signed(self, name: str, text: str, author: str):
        return self.put_note(name, f"{text} {author}")

    def await_note(self, name: str, seconds: int = 20):
        note = self.notes.get(name)
        if note is None:
            self.wait(seconds, f"note {name}")
        return note or {"Text": "nothing"}

    def list_notes(self, limit: int = 100, token: str | None = None):
        notes, following = self.notes.page(limit, token)
        return {"Notes": notes, "Token": following}

    def remind(self, name: str, seconds: float, method: str = "_ring"):
        self.later(method, after=seconds, key=name, name=name)

    def _ring(self, name: str):
        self.put_note(f"{name} rang at {self.now:.0f}", "ding")

    def _break(self, name: str):
        self.notes.put(Note("half done", ""))
        raise RuntimeError("broken")

    @outside
    def _ring_outside(self, name: str):
        self.inside("_ring", name=name)
        self.aws.notes.put_note(Name=f"{name} from outside", Text="")

    def _answer_note(self, name: str):
        """A job that waits, by asking as anybody would."""
        text = self.aws.notes.await_note(Name=name)["text"]
        self.put_note(f"re: {name}", text)

    def _answer_within_an_hour(self, name: str):
        """A job that waits until a moment, at the most."""
        if self.notes.get(name) is None:
            self.wait(1, f"note {name}", until=self.now + 3600)
        self.put_note(f"re: {name}", "in time")

    @on("notes.NotePut")
    def _heard(self, name: str):
        note = self.notes.get(name)
        note.heard += 1
        self.notes.put(note)


class Operation:
    """Wire names are Python names with capitals; everything is projected as it is."""

    service_name = "notes"

    def __init__(self, method: str):
        self.method, self.name = method, method
        names = ("name", "text", "fail", "first", "second", "seconds", "limit", "token", "method", "colour")
        self.arguments = {name.capitalize(): name for name in names}

    def validate(self, params): ...

    def project(self, result):
        return result if isinstance(result, dict) else vars(result or object.__new__(Note)) if result else {}


class Model:
    def operation(self, service, name):
        if name == "absent":
            raise KeyError(name)
        return Operation(name)

    def operation_name(self, service, method):
        return method


class Services:
    def names(self):
        return ["notes"]

    def load(self, name):
        return Notes if name == "notes" else None

    def schema(self, name):
        return None

    def subscribers(self, fact):
        return [("notes", "_heard")] if fact == "notes.NotePut" else []


class Tiny:
    """A cloud with an event loop of its own, run step by step by the test."""

    def __init__(self, directory=None):
        self.loop = asyncio.new_event_loop()
        self.cloud = Cloud(Model(), Services(), directory)
        self.wait(self.cloud.start())

    def wait(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def call(self, operation, **params):
        wire = {name.capitalize(): value for name, value in params.items()}
        return Call("notes", operation, wire, "1", "here", self.cloud.root())

    def do(self, operation, **params):
        return self.cloud.perform(self.call(operation, **params))

    def names(self):
        return [note.name for note in self.do("list_notes")["Notes"]]

    def settle(self):
        self.wait(self.cloud.runner.settle())

    def advance(self, seconds):
        self.wait(self.cloud.runner.advance(self.cloud.clock.now() + seconds))

    def stop(self):
        self.wait(self.cloud.stop())
        self.loop.close()


@pytest.fixture
def tiny():
    made = Tiny()
    yield made
    made.stop()


@pytest.fixture
def kept(tmp_path):
    """Clouds kept in one directory, one after another."""
    made = []

    def start():
        if made:
            made[-1].stop()
        made.append(Tiny(tmp_path / "data"))
        return made[-1]

    yield start
    made[-1].stop()
