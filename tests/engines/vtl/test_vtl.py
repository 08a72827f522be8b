"""Templates with what they make, by the rules of Amazon API Gateway and by those of Velocity itself."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.vtl import Host, JsonArray, Template, TemplateError, compiled

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())
TURNS = 1000


def render(template, missing="", **more):
    variables = json.loads(json.dumps(GOLDEN["variables"]))  # a template may change what it is given
    return Template(template).render(variables | more, missing, TURNS)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=[case["template"] for case in GOLDEN["cases"]])
def test_as_api_gateway_renders_it(case):
    assert render(case["template"]) == case["text"]


@pytest.mark.parametrize("case", GOLDEN["standard"], ids=[case["template"] for case in GOLDEN["standard"]])
def test_where_velocity_itself_differs(case):
    assert render(case["template"], missing=None) == case["text"]


@pytest.mark.parametrize("source", GOLDEN["refused"])
def test_what_is_no_template_is_refused(source):
    with pytest.raises(TemplateError, match=r"line 1|nested"):
        Template(source)


@pytest.mark.parametrize("source", GOLDEN["failing"])
def test_what_cannot_be_done_fails(source):
    with pytest.raises(TemplateError):
        render(source)


def test_an_object_of_the_host_answers_properties_and_methods():
    class Greeter(Host):
        kept = None

        def get(self, name):
            return self.kept if name == "kept" else None

        def put(self, name, value):
            self.kept = value

        def call(self, name, arguments):
            return f"{name} {arguments[0]}" if name == "hello" else super().call(name, arguments)

    assert render("$g.hello($name) #set($g.kept = 5)$g.kept $g['kept'] $g.other", g=Greeter()) == "hello Ann 5 5 "
    with pytest.raises(TemplateError, match="no method bye"):
        render("$g.bye()", g=Greeter())


def test_a_list_from_json_prints_as_json():
    assert render("$l $m", l=JsonArray([1, {"a": None}]), m={"x": JsonArray(["y"])}) == '[1,{"a":null}] {x=["y"]}'


def test_a_source_is_parsed_once_and_variables_of_one_rendering_are_not_seen_by_the_next():
    assert compiled("#set($x = $y)$x") is compiled("#set($x = $y)$x")
    assert compiled("$x#set($x = 1)").render({}, "") == compiled("$x#set($x = 1)").render({}, "") == ""


def test_what_nests_too_deeply_is_refused():
    with pytest.raises(TemplateError):
        Template("#set($x = " + "(" * 5000 + ")")


@given(st.text(st.characters(exclude_characters="$#\\")))
def test_a_text_without_signs_stays_as_it_is(text):
    assert Template(text).render({}) == text


@given(st.text("$#\\{}()[]'\" a.=1\n!"))
def test_no_source_does_anything_but_render_or_be_refused(source):
    with suppress(TemplateError):
        Template(source).render({"a": {"a": [1]}}, "", 50)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_division_and_remainder_are_java_s(left, right):
    made = Template("#set($q = $l / $r)#set($m = $l % $r)#set($back = $q * $r + $m)$back $q").render(
        {"l": left, "r": right}
    )
    assert made == f"{left} {int(left / right)}"
