"""`glasshouse policy edit`: a dialog in which a policy is written, its findings in view after every change.

It reads commands from standard input, so that a script can write a policy as a person does.
"""

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from glasshouse.cli.failures import Failure
from glasshouse.cli.policy import PolicyType, findings
from glasshouse.cli.policy_document import CannotChange, PolicyDocument, template
from glasshouse.cli.policy_reports import GROUPS, place
from glasshouse.engines.policy import MalformedPolicy
from glasshouse.engines.policy.operators import OPERATORS
from glasshouse.engines.policy.service_data import service_data

HELP = """\
action [NAME...]                  add actions; without a name, choose among those there are
principal [KIND ARN]              add a principal; without one, choose its kind
condition [KEY OPERATOR VALUE...] add a condition; without one, choose a key and an operator
resource ARN                      add a resource
remove action|principal|condition WHAT
statement NUMBER | statement new  go to a statement, or add one
line NUMBER TEXT, insert NUMBER TEXT, delete NUMBER
                                  change the text line by line
preview                           who from outside the account would get in
show, undo, help, save, quit      quit! leaves what has not been saved"""
PRINCIPALS = (
    ("AWS account", "AWS", "arn:aws:iam::{Account}:root"),
    ("IAM user", "AWS", "arn:aws:iam::{Account}:user/{UserName}"),
    ("IAM role", "AWS", "arn:aws:iam::{Account}:role/{RoleNameWithPath}"),
    ("AWS service", "Service", "{ServiceName}.amazonaws.com"),
    ("SAML provider", "Federated", "arn:aws:iam::{Account}:saml-provider/{ProviderName}"),
    ("OIDC provider", "Federated", "{ProviderDomain}"),
    ("Everyone", "*", "*"),
)
"""The kinds of principals that the IAM console offers, with the format of each."""
TRUST_ACTIONS = (
    *("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "SetContext", "SetSourceIdentity"),
    "TagSession",
)
MARKS = {"SECURITY_WARNING": "S", "ERROR": "E", "WARNING": "W", "SUGGESTION": "s"}


class End(Exception):
    """The dialog is over."""


class Editor:
    """A dialog about one document."""

    def __init__(self, document: PolicyDocument, file: Path, type: PolicyType, account: str):
        self.document, self.file, self.type, self.account = document, file, type, account

    def run(self):
        """Until the user quits. To end without having saved is a failure."""
        self._show()
        try:
            while True:
                self._obey(self._ask("policy> "))
        except End:
            return

    def _obey(self, line: str):
        try:
            # The text of a line is taken as it is, with its quotes.
            words = line.split(" ", 2) if line.startswith(("line ", "insert ")) else shlex.split(line)
        except ValueError as wrong:
            print(f"? {wrong}")
            return
        if not words:
            return
        command = self._commands().get(words[0])
        if command is None:
            print(f"? There is no command {words[0]}; help tells which there are")
            return
        try:
            command(words[1:])
        except CannotChange as refusal:
            print(f"? {refusal}")

    def _commands(self) -> dict[str, Callable[[list[str]], None]]:
        return {
            "action": self._action, "principal": self._principal, "condition": self._condition,
            "resource": self._resource, "remove": self._remove, "statement": self._statement, "line": self._line,
            "insert": self._insert, "delete": self._delete, "preview": self._preview, "undo": self._undo,
            "show": lambda words: self._show(), "help": lambda words: print(HELP), "save": lambda words: self._save(),
            "quit": lambda words: self._quit(), "quit!": self._leave,
        }  # fmt: skip

    # What is shown

    def _show(self):
        found = findings(self.document.text, self.type)
        marks: dict[int, str] = {}
        for kind, mark in MARKS.items():
            for finding in found:
                for location in finding.locations if finding.finding_type == kind else ():
                    marks.setdefault(location.span.start.line, mark)
        if sys.stdout.isatty():
            print("\033[2J\033[H", end="")
        print(f"{self.file}{'' if self.document.is_saved and self.file.exists() else ' (not saved)'}")
        for number, line in enumerate(self.document.lines, 1):
            print(f"{marks.get(number, ' ')}{number:4} {line}")
        print("  ".join(f"{name}: {sum(one.finding_type == kind for one in found)}" for kind, name in GROUPS))
        for kind, name in GROUPS:
            for finding in [one for one in found if one.finding_type == kind]:
                where = f" {place(finding)}" if finding.locations else ""
                print(f"  {name}{where} {finding.issue_code}")
                print(f"    {finding.details}")
                print(f"    {finding.learn_more_link}")

    def _preview(self, words: list[str]):
        """Who from outside of the account gets in."""
        from glasshouse.engines.policy.outsiders import ROLE, Place, Zone, outsiders

        if self.type is not PolicyType.trust:
            raise CannotChange("A preview is made of trust policies; of others by an access preview of a cloud.")
        role = Place(ROLE, f"arn:aws:iam::{self.account}:role/{self.file.stem}")
        try:
            found = list(outsiders(self.document.text, [role], Zone((self.account,))))
        except MalformedPolicy as wrong:
            raise CannotChange(f"Of this policy there is no preview: {wrong.message}") from None
        print(f"External access to a role of the account {self.account}: {len(found) or 'none'}")
        for one in found:
            principal = ", ".join(f"{kind}: {value}" for kind, value in one.principal.items())
            print(f"  {principal}{' (public)' if one.is_public else ''}")
            print(f"    may {', '.join(sorted(one.actions))}")
            for key, value in one.condition.items():
                print(f"    where {key} is {value}")

    # Changes

    def _action(self, words: list[str]):
        for word in words or [self._ask_action()]:
            self.document.add_action(self._full_action(word))
        self._show()

    def _ask_action(self) -> str:
        if self.type is PolicyType.trust:
            return self._choose("Action", TRUST_ACTIONS)
        prefix = self._ask("Service (such as s3): ")
        service = service_data().service(prefix.lower())
        if service is None:
            raise CannotChange(f"There is no service {prefix}.")
        return f"{service.prefix}:{self._choose('Action', sorted(service.action_names))}"

    def _full_action(self, word: str) -> str:
        return f"sts:{word}" if self.type is PolicyType.trust and ":" not in word and word != "*" else word

    def _principal(self, words: list[str]):
        if len(words) == 1:
            raise CannotChange("principal takes a kind (AWS, Service, Federated, CanonicalUser) and a value")
        kind, value = (words[0], words[1]) if words else self._ask_principal()
        self.document.add_principal(kind, value)
        self._show()

    def _ask_principal(self) -> tuple[str, str]:
        title = self._choose("Principal type", [title for title, _, _ in PRINCIPALS])
        _, kind, form = next(one for one in PRINCIPALS if one[0] == title)
        if "{" not in form:
            return kind, form
        value = self._ask(f"ARN ({form}): ")
        if not value:
            raise CannotChange("Nothing was added.")
        return kind, value

    def _condition(self, words: list[str]):
        if words and len(words) < 3:
            raise CannotChange("condition takes a key, an operator and a value or several")
        key, operator, values = (words[0], words[1], words[2:]) if words else self._ask_condition()
        self.document.add_condition(operator, key, values)
        self._show()

    def _ask_condition(self) -> tuple[str, str, list[str]]:
        key = self._choose("Condition key", self._known_keys())
        if key.endswith("}"):  # such as aws:RequestTag/${TagKey}
            stem, _, name = key.rstrip("}").partition("${")
            key = stem + self._ask(f"{name}: ")
        operator = self._choose("Operator", [operator.name for operator in OPERATORS.values()])
        values = shlex.split(self._ask("Value (several: separated by spaces): "))
        if not values:
            raise CannotChange("Nothing was added.")
        return key, operator, values

    def _known_keys(self) -> list[str]:
        """The keys of the services whose actions the statement names, and those of all services."""
        listed = self.document.statement().get("Action", [])
        actions = listed if isinstance(listed, list) else [listed]
        prefixes = {"sts"} if self.type is PolicyType.trust else {action.partition(":")[0] for action in actions}
        services = [service for prefix in sorted(prefixes) if (service := service_data().service(prefix))]
        of_services = [key.name for service in services for key in service.keys]
        return list(dict.fromkeys([*sorted(of_services), *(key.name for key in service_data().global_keys)]))

    def _resource(self, words: list[str]):
        if not words:
            raise CannotChange("resource takes an ARN or several")
        for word in words:
            self.document.add_resource(word)
        self._show()

    def _remove(self, words: list[str]):
        removals = {
            "action": lambda what: self.document.remove_action(self._full_action(what)),
            "principal": self.document.remove_principal,
            "condition": self.document.remove_condition,
        }
        if len(words) != 2 or words[0] not in removals:
            raise CannotChange("remove takes action, principal or condition, and what is to go")
        removals[words[0]](words[1])
        self._show()

    def _statement(self, words: list[str]):
        if words == ["new"]:
            (fresh,) = json.loads(template(self.type))["Statement"]
            self.document.new_statement(fresh)
            self._show()
        else:
            self.document.choose(_number(words[0] if words else ""))
            print(f"Changes go to statement {self.document.at + 1}")

    # The text itself

    def _line(self, words: list[str]):
        self.document.replace_line(_number(words[0] if words else ""), " ".join(words[1:]))
        self._show()

    def _insert(self, words: list[str]):
        self.document.insert_line(_number(words[0] if words else ""), " ".join(words[1:]))
        self._show()

    def _delete(self, words: list[str]):
        self.document.replace_line(_number(words[0] if words else ""), None)
        self._show()

    def _undo(self, words: list[str]):
        self.document.undo()
        self._show()

    def _save(self):
        try:
            self.file.write_text(self.document.text, encoding="utf-8")
        except OSError as failure:
            raise Failure(f"Cannot write {self.file}: {failure.strerror}") from None
        self.document.saved = self.document.text
        print(f"Saved {self.file}")

    def _quit(self):
        if not self.document.is_saved:
            raise CannotChange("There are changes: save them first, or leave them with quit!")
        raise End

    def _leave(self, words: list[str]):
        raise End

    # Asking

    def _ask(self, question: str) -> str:
        try:
            return input(question).strip()
        except EOFError:
            print()
            if not self.document.is_saved:
                raise Failure(f"{self.file} was not saved") from None
            raise End from None

    def _choose(self, what: str, options: Sequence[str]) -> str:
        """One of some options, by its number or its name; names that are not listed are taken as they are."""
        for number, option in enumerate(options, 1):
            print(f"{number:5}  {option}")
        answer = self._ask(f"{what}: ")
        if not answer:
            raise CannotChange("Nothing was added.")
        if answer.isdigit():
            if not 1 <= int(answer) <= len(options):
                raise CannotChange(f"There is no {what.lower()} {answer}.")
            return options[int(answer) - 1]
        return next((option for option in options if option.lower() == answer.lower()), answer)


def _number(word: str) -> int:
    if not word.isdigit():
        raise CannotChange(f"A number is expected, not {word!r}.")
    return int(word)
