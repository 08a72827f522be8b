"""Getting parameters: one, many, those below a path, and the versions of one."""

import json

from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.services.ssm import filters, names, public
from glasshouse.services.ssm.errors import AccessDeniedException, ParameterNotFound, ParameterVersionNotFound
from glasshouse.services.ssm.records import Parameter

SECRETS = "/aws/reference/secretsmanager/"


class Reading:
    """The operations that return values."""

    def get_parameter(self, name: str, with_decryption: bool = False):
        return {"Parameter": self._value(name, with_decryption)}

    def get_parameters(self, names: list[str], with_decryption: bool = False):
        found, invalid = [], []
        for name in dict.fromkeys(names):
            try:
                found.append(self._value(name, with_decryption))
            except (ParameterNotFound, ParameterVersionNotFound):
                invalid.append(name)
        found.sort(key=lambda parameter: parameter["name"])
        return {"Parameters": found, "InvalidParameters": invalid}

    def get_parameters_by_path(
        self,
        path: str,
        recursive: bool = False,
        parameter_filters: list[dict] | None = None,
        with_decryption: bool = False,
        max_results: int = 10,
        next_token: str | None = None,
    ):
        hierarchy = names.hierarchy(path)
        wanted = filters.of_path(parameter_filters or [], self._labelled)
        if hierarchy.startswith(public.PREFIX):
            page = public.page(hierarchy, self.call.region, recursive, max_results, next_token)
            return {"Parameters": [self._public(entry) for entry in page.records], "NextToken": page.next_token}

        def below(parameter: Parameter) -> bool:
            return (recursive or "/" not in parameter.path[len(hierarchy) :]) and wanted(parameter)

        found, following = self.parameters.page(max_results, next_token, hierarchy, where=below)
        label = filters.label_of(parameter_filters or [])
        versions = [self._labelled(parameter, label) for parameter in found] if label else found
        return {"Parameters": [self._shown(version, with_decryption) for version in versions], "NextToken": following}

    def get_parameter_history(
        self, name: str, with_decryption: bool = False, max_results: int = 50, next_token: str | None = None
    ):
        parameter = self._current(names.refer(name))
        versions, following = self.history.page(max_results, next_token, parameter.path)
        return {"Parameters": [self._shown(version, with_decryption) for version in versions], "NextToken": following}

    # One value

    def _value(self, name: str, decrypt: bool) -> dict:
        if name.strip().startswith(SECRETS):
            return self._secret(name.strip().removeprefix(SECRETS), decrypt)
        reference = names.refer(name)
        if reference.path.startswith(public.PREFIX):
            entry = public.get(reference.path, self.call.region)
            if entry is None:
                raise ParameterNotFound(f"Parameter {name} not found.")
            return self._public(entry)
        return self._shown(self._version(reference), decrypt, reference.selector)

    def _shown(self, parameter: Parameter, decrypt: bool, selector: str = "") -> dict:
        shown = dict(vars(parameter))
        if decrypt and parameter.type == "SecureString":
            shown["value"] = self._decrypted(parameter)
        if selector:
            shown["selector"] = f":{selector}"
        return shown

    def _current(self, reference: names.Reference) -> Parameter:
        if reference.account and reference.account != self.call.account:
            raise AccessDeniedException(
                f"User: {self.call.principal.arn} is not authorized to access parameter{reference.path} of the account"
                f" {reference.account}, which has not shared it"
            )
        elsewhere = reference.region and reference.region != self.call.region
        parameter = None if elsewhere else self.parameters.get(reference.path)
        if parameter is None or ":" in reference.selector:
            selector = f":{reference.selector}" if reference.selector else ""
            raise ParameterNotFound(f"Parameter {reference.name}{selector} not found.")
        return parameter

    def _version(self, reference: names.Reference) -> Parameter:
        parameter, selector = self._current(reference), reference.selector
        if not selector:
            return parameter
        if selector.isascii() and selector.isdigit():
            return self._numbered(parameter, int(selector))
        labelled = self._labelled(parameter, selector)
        if labelled is None:
            raise ParameterVersionNotFound(
                f"Systems Manager could not find label {selector} of {parameter.name}. Verify the label and try again."
            )
        return labelled

    def _numbered(self, parameter: Parameter, number: int) -> Parameter:
        version = self.history.get(parameter.path, number)
        if version is None:
            raise ParameterVersionNotFound(
                f"Systems Manager could not find version {number} of {parameter.name}. Verify the version and try"
                " again."
            )
        return version

    def _labelled(self, parameter: Parameter, label: str) -> Parameter | None:
        return next((version for version in self.history.list(parameter.path) if label in version.labels), None)

    # What is kept elsewhere

    def _public(self, entry: public.Entry) -> dict:
        """A parameter that AWS publishes: it belongs to no account."""
        return {
            "name": entry.path,
            "type": "String",
            "value": entry.value,
            "version": 1,
            "arn": self.call.arn(f"parameter{entry.path}", account=False),
            "last_modified_date": public.PUBLISHED,
            "data_type": "text",
        }

    def _secret(self, reference: str, decrypt: bool) -> dict:
        """A secret of Secrets Manager, asked for in the caller's name."""
        if not decrypt:
            raise ValidationException("WithDecryption flag must be True for retrieving a Secret Manager secret.")
        name, _, selector = reference.partition(":")
        params: dict[str, str] = {"SecretId": name}
        if selector:
            params["VersionId" if _is_version_id(selector) else "VersionStage"] = selector
        try:
            secret = self.aws.as_caller().secretsmanager.get_secret_value(**params)
        except ServiceError as refusal:
            if refusal.code != "ResourceNotFoundException":
                raise
            raise ParameterNotFound(
                "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret"
                f" {SECRETS}{name} not found."
            ) from None
        return self._as_parameter(secret, name, selector)

    @staticmethod
    def _as_parameter(secret: dict, name: str, selector: str) -> dict:
        if "SecretString" not in secret:
            raise ValidationException(f"The secret {name} is binary and can't be referenced as a parameter.")
        return {
            "name": f"{SECRETS}{name}",
            "type": "SecureString",
            "value": secret["SecretString"],
            "version": 0,
            "arn": secret["ARN"],
            "last_modified_date": secret["CreatedDate"],
            "data_type": "text",
            "source_result": json.dumps(secret),
            "selector": f":{selector}" if selector else None,
        }


def _is_version_id(selector: str) -> bool:
    """Version ids are 32 to 64 characters, stages are words; AWS tells them apart in the same way."""
    return len(selector) >= 32
