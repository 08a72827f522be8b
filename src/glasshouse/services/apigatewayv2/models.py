"""Models: the schemas of what an API takes and gives; the gateway of a WebSocket API may choose one for a message."""

import re
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import BadRequestException, ConflictException, not_found
from glasshouse.services.apigatewayv2.records import Model, change

NAME = re.compile(r"[a-zA-Z0-9]{1,128}|[\w-]{1,128}", re.ASCII)
EXAMPLES = {"string": '"foo"', "integer": "42", "number": "42.0", "boolean": "true"}
LARGEST_SCHEMA = 32 * 1024


class Models:
    """The models of an API."""

    def create_model(
        self, api_id: str, name: str, schema: str, content_type: str | None = None, description: str | None = None
    ):
        self._api(api_id)
        model = Model(api_id, ids.token(6, ids.LOWER), name, schema, content_type, description)
        return self._put_model(model)

    def get_model(self, api_id: str, model_id: str):
        return self._model(api_id, model_id)

    def get_models(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.models.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_model(
        self, api_id: str, model_id: str, content_type: str | None = None, description: str | None = None,
        name: str | None = None, schema: str | None = None,
    ):  # fmt: skip
        model = self._model(api_id, model_id)
        change(model, {"content_type": content_type, "description": description, "name": name, "schema": schema})
        return self._put_model(model)

    def delete_model(self, api_id: str, model_id: str):
        self.models.delete(self._model(api_id, model_id))

    def get_model_template(self, api_id: str, model_id: str):
        """A mapping template that writes what the schema describes."""
        model = self._model(api_id, model_id)
        try:
            schema = documents.read(model.schema)
        except ValueError:
            schema = {}
        return {"Value": "#set($inputRoot = $input.path('$'))\n" + _template(schema, "$inputRoot")}

    def _model(self, api_id: str, model_id: str) -> Model:
        self._api(api_id)
        model = self.models.get(api_id, model_id)
        if model is None:
            raise not_found("Model", model_id)
        return model

    def _put_model(self, model: Model) -> Model:
        if not NAME.fullmatch(model.name):
            raise BadRequestException(f"Model name must be alphanumeric: {model.name}")
        if len(model.schema.encode()) > LARGEST_SCHEMA:
            raise BadRequestException(f"Schema should be at most {LARGEST_SCHEMA} bytes long")
        if any(one.name == model.name for one in self.models.list(model.api_id) if one.model_id != model.model_id):
            raise ConflictException("Model name already exists for this API")
        return self.models.put(model)


def _template(schema: Any, place: str, depth: int = 0) -> str:
    """The lines of a template for a schema, as they stand at a place of the input."""
    indent = "  " * depth
    kind, parts = (schema.get("type"), schema.get("properties")) if isinstance(schema, dict) else (None, None)
    if kind == "object":
        lines = [
            f'{indent}  "{name}" : {_template(part, f"{place}.{name}", depth + 1).lstrip()}'
            for name, part in (parts if isinstance(parts, dict) else {}).items()
        ]
        return indent + "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if kind == "array":
        inner = _template(schema.get("items") or {}, "$elem", depth + 1)
        return f"{indent}[\n#foreach($elem in {place})\n{inner}#if($foreach.hasNext),#end\n#end\n{indent}]"
    return indent + EXAMPLES.get(str(kind), "{}")
