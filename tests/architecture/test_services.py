"""Every service says what the model says."""

import ast
import inspect

import pytest

from glasshouse import services
from glasshouse.core import Service, ServiceError
from glasshouse.protocol import model
from tests.architecture.sources import ROOT, nobody, package


@pytest.mark.parametrize("name", services.names())
def test_every_public_method_is_an_operation_and_its_parameters_are_members(name):
    operations = model.service(name)
    nobody(
        complaint
        for method, function in _public_methods(services.load(name))
        for complaint in _complaints(operations, name, method, function)
    )


@pytest.mark.parametrize("name", services.names())
def test_every_error_of_a_service_has_a_message(name):
    module = inspect.getmodule(services.load(name))
    nobody(
        f"{name}: give {error.__name__} a docstring: it is the message the client reads"
        for error in vars(module).values()
        if inspect.isclass(error) and issubclass(error, ServiceError) and not (error.__doc__ or "").strip()
    )


@pytest.mark.parametrize("name", services.names())
def test_every_subscription_is_written_as_a_literal(name):
    """Subscribers are found by reading the sources: what the pattern misses is never told anything."""
    folder = services.FOLDER / services.folder(name)
    nobody(
        f'{source.at(function)}: write the decorator of {function.name} as @on("service.Fact"), directly above the def'
        for source in package()
        if source.path.is_relative_to(folder)
        for function in source.functions()
        if any(isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "on" for mark in function.decorator_list)
        and function.name not in [method for _, method in services.SUBSCRIPTION.findall(source.text)]
    )


@pytest.mark.parametrize("name", services.names())
def test_the_tables_of_a_service_bear_its_name(name):
    statements = (services.schema(name) or "").split(";\n")
    prefix = name.replace("-", "_")
    for statement in filter(str.strip, statements):
        code = "\n".join(line for line in statement.splitlines() if not line.strip().startswith("--"))
        words = code.split()
        later = words[:2] == ["ALTER", "TABLE"] and words[3:5] == ["ADD", "COLUMN"]  # passed over where it is there
        once = later or "IF NOT EXISTS" in code
        assert once, f"{name}/schema.sql: it runs at each start, so say IF NOT EXISTS: {code}"
        made = words[2] if later else words[words.index("EXISTS") + 1]
        assert made.startswith(prefix), f"{name}/schema.sql: call it {prefix}_..., not {made}: all share one database"


@pytest.mark.parametrize("name", services.names())
def test_every_service_has_contract_tests(name):
    found = list((ROOT / "tests" / "contract").glob(f"test_{name.replace('-', '_')}*.py"))
    assert found, f"write tests/contract/test_{name.replace('-', '_')}.py: boto3 against a live cloud"


def _public_methods(service: type[Service]):
    for method, function in inspect.getmembers(service, inspect.isfunction):
        if not method.startswith("_") and not hasattr(Service, method):
            yield method, function


def _complaints(operations, name: str, method: str, function):
    if method not in operations.methods:
        yield f"{name}: {method} is no operation of the model; a method that helps starts with an underscore"
        return
    operation = operations.operation(operations.methods[method])
    members = operation.arguments
    declared = dict(list(inspect.signature(function).parameters.items())[1:])
    for parameter in declared.keys() - members.values():
        yield f"{name}.{method}: {parameter} is no member of the input of {operation.name}; {[*members.values()]}"
    needed = {parameter for parameter, it in declared.items() if it.default is it.empty}
    required = {members[member] for member in operation.required}
    for parameter in needed - required:
        yield f"{name}.{method}: {operation.name} does not require {parameter}: give it a default"
