"""What AWS's gateways give to templates."""

import pytest

from glasshouse.engines.vtl import TemplateError, compiled
from glasshouse.engines.vtl.amazon import Util, as_java


def rendered(template: str, **variables) -> str:
    return compiled(template).render({"util": Util(), **variables}, missing="")


# What is refused


@pytest.mark.parametrize(
    "template", ["$util.parseJson('{')", "$util.base64Decode('a')", "$util.shout('a')", "$util.urlEncode('a', 'b')"]
)
def test_what_cannot_be_done(template):
    with pytest.raises(TemplateError):
        rendered(template)


# What is done


@pytest.mark.parametrize(
    "call, wanted",
    [
        ("escapeJavaScript($given)", "a\\\"\\'\\\\\\/\\n\\u00FC\\uD83D\\uDE00"),
        ("urlEncode($given)", "a%22%27%5C%2F%0A%C3%BC%F0%9F%98%80"),
        ("urlDecode('a+b%20%C3%BC')", "a b ü"),
        ("base64Encode('ü')", "w7w="),
        ("base64Decode('w7w=')", "ü"),
        ('parseJson(\'{"a": [1, {"b": null}]}\').a', '[1,{"b":null}]'),
    ],
)
def test_texts_are_written_as_java_writes_them(call, wanted):
    assert rendered(f"$util.{call}", given="a\"'\\/\nü\N{GRINNING FACE}") == wanted


# What happens next


def test_lists_from_json_print_as_json_and_maps_as_maps():
    assert rendered("$given", given=as_java({"a": [1, "b"], "c": None})) == '{a=[1,"b"], c=null}'
