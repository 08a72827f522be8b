"""Models (JSON schemas) and the validators that hold requests against them."""

import json
import re
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.records import Model, RequestValidator
from glasshouse.services.apigateway.schemas import flattened, sample, used_models

NAME = re.compile(r"[a-zA-Z0-9]+")
NO_SCHEMA = "Model schema must have at least 1 property or array items defined"
NO_VALIDATOR = "Invalid Request Validator identifier specified"


class Models:
    def create_model(
        self, rest_api_id: str, name: str, content_type: str, description: str | None = None, schema: str | None = None
    ):
        self._api(rest_api_id)
        if not name:
            raise BadRequestException("Model name must be non-empty")
        if not NAME.fullmatch(name):
            raise BadRequestException(f"Model name must be alphanumeric: {name}")
        if self.models.get(rest_api_id, name):
            raise ConflictException("Model name already exists for this REST API")
        _check_schema(schema, content_type)
        return self.models.put(
            Model(rest_api_id, name, ids.token(6, ids.LOWER), content_type, schema or "", description)
        )

    def get_model(self, rest_api_id: str, model_name: str, flatten: bool = False):
        model = self._model(rest_api_id, model_name)
        if flatten:
            schemas = {one.name: one.schema for one in self.models.list(rest_api_id)}
            model.schema = json.dumps(flattened(model.schema, schemas))
        return model

    def get_models(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        return self._page(self.models.list(rest_api_id), limit, position, lambda model: model.name)

    def get_model_template(self, rest_api_id: str, model_name: str):
        model = self._model(rest_api_id, model_name)
        schemas = {one.name: one.schema for one in self.models.list(rest_api_id)}
        return {"value": sample(flattened(model.schema, schemas))}

    def update_model(self, rest_api_id: str, model_name: str, patch_operations: list | None = None):
        model = self._model(rest_api_id, model_name)
        fields = {"/description": ("description", patches.text), "/schema": ("schema", lambda value: value or "")}
        patches.replace_listed(model, patch_operations, fields)
        _check_schema(model.schema, model.content_type)
        return self.models.put(model)

    def delete_model(self, rest_api_id: str, model_name: str):
        model = self._model(rest_api_id, model_name)
        for resource in self.resources.list(rest_api_id):
            for verb, method in resource.resource_methods.items():
                _check_unused(model.name, f"{resource.path}/{verb}", method)
        for other in self.models.list(rest_api_id):
            if other.name != model.name and model.name in used_models(other.schema):
                raise ConflictException(
                    f"Cannot delete model '{model.name}', is referenced in model: {other.name}"
                )  # fmt: skip
        self.models.delete(model)

    def _model(self, rest_api_id: str, model_name: str) -> Model:
        model = self.models.get(rest_api_id, model_name)
        if model is None:
            raise NotFoundException(f"Invalid model name specified: {model_name}")
        return model

    # Validators

    def create_request_validator(
        self, rest_api_id: str, name: str | None = None, validate_request_body: bool = False,
        validate_request_parameters: bool = False,
    ):  # fmt: skip
        if self.apis.get(rest_api_id) is None:
            raise BadRequestException("Invalid REST API identifier specified")
        return self.validators.put(
            RequestValidator(
                rest_api_id, ids.token(6, ids.LOWER), name, bool(validate_request_body),
                bool(validate_request_parameters),
            )
        )  # fmt: skip

    def get_request_validator(self, rest_api_id: str, request_validator_id: str):
        return self._validator(rest_api_id, request_validator_id)

    def get_request_validators(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        return self._page(self.validators.list(rest_api_id), limit, position, lambda validator: validator.id)

    def update_request_validator(
        self, rest_api_id: str, request_validator_id: str, patch_operations: list | None = None
    ):  # fmt: skip
        validator = self._validator(rest_api_id, request_validator_id)
        fields = {
            "/name": ("name", _validator_name),
            "/validateRequestParameters": ("validate_request_parameters", patches.boolean),
            "/validateRequestBody": ("validate_request_body", patches.boolean),
        }
        patches.replace_listed(validator, patch_operations, fields)
        return self.validators.put(validator)

    def delete_request_validator(self, rest_api_id: str, request_validator_id: str):
        validator = self._validator(rest_api_id, request_validator_id)
        for resource in self.resources.list(rest_api_id):
            for verb, method in resource.resource_methods.items():
                if method.get("requestValidatorId") == validator.id:
                    raise ConflictException(
                        f"Cannot delete request validator '{validator.id}', is referenced in method:"
                        f" {resource.path}/{verb}"
                    )
        self.validators.delete(validator)

    def _validator(self, rest_api_id: str, request_validator_id: str) -> RequestValidator:
        validator = self.validators.get(rest_api_id, request_validator_id)
        if validator is None:
            raise NotFoundException(NO_VALIDATOR)
        return validator


def _check_schema(schema: str | None, content_type: str):
    if not schema or not schema.strip():
        raise BadRequestException(NO_SCHEMA)
    if "json" not in content_type:
        return
    try:
        valid = isinstance(documents.read(schema), dict)
    except ValueError:
        valid = False
    if not valid:
        raise BadRequestException(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
        )


def _check_unused(name: str, place: str, method: dict[str, Any]):
    if name in method.get("requestModels", {}).values():
        raise ConflictException(f"Cannot delete model '{name}', is referenced in method request: {place}")
    for status, response in method.get("methodResponses", {}).items():
        if name in response.get("responseModels", {}).values():
            raise ConflictException(
                f"Cannot delete model '{name}', is referenced in method response: {place}/{status}"
            )  # fmt: skip


def _validator_name(value: str | None) -> str:
    if not value:
        raise BadRequestException("Request Validator name cannot be blank")
    return value
