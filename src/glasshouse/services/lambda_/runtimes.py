"""The runtimes that functions and layers may name.

Differs from AWS: runtimes whose support has ended there can still be asked for.
"""

from glasshouse.services.lambda_.errors import InvalidParameterValueException

# As AWS's refusal of an unknown runtime lists them.
CURRENT = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
    "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17",
    "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
)  # fmt: skip
ENDED = (
    "nodejs4.3", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "java8", "python2.7",
    "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "go1.x", "ruby2.5",
    "ruby2.7", "provided",
)  # fmt: skip
# Whose initialized environments SnapStart can keep.
SNAPSHOTS = (
    "java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10",
)  # fmt: skip
KNOWN = frozenset((*CURRENT, *ENDED))


def check_runtime(runtime: str):
    """Raises InvalidParameterValueException."""
    if runtime not in KNOWN:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set:"
            f" [{', '.join(CURRENT)}] or be a valid ARN"
        )
