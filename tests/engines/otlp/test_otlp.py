"""OpenTelemetry's metrics: bytes that its own library reads (and wrote) as what they say."""

from glasshouse.engines.otlp import Summary, Version, delimited, request

QUANTILES = [(0.0, 3.0), (1.0, 5.0)]


def summary(attributes):
    return Summary("orders", "1", attributes, 60, 120, 2, 8.0, QUANTILES)


# As SerializeToString() of opentelemetry-proto 1.45 and (0.7) 1.1 gave them
ONE = bytes.fromhex(
    "0aa7010a190a170a0e636c6f75642e70726f766964657212050a036177731289011286010a066f72646572731a01315a790a"
    "77113c0000000000000019780000000000000021020000000000000029000000000000204032091100000000000008403212"
    "09000000000000f03f1100000000000014403a130a094e616d65737061636512060a0453686f703a1d0a0a44696d656e7369"
    "6f6e73120f320d0a0b0a0453686f7012030a0178"
)
ZERO_SEVEN = bytes.fromhex(
    "0a7c0a190a170a0e636c6f75642e70726f766964657212050a03617773125f125d0a066f72646572731a01315a500a4e0a09"
    "0a0453686f70120178113c000000000000001978000000000000002102000000000000002900000000000020403209110000"
    "000000000840321209000000000000f03f110000000000001440"
)


def test_a_summary_of_version_1_0_has_attributes_that_nest():
    nested = summary({"Namespace": "Shop", "Dimensions": {"Shop": "x"}})
    assert request(Version.ONE, {"cloud.provider": "aws"}, [nested]) == ONE


def test_a_summary_of_version_0_7_has_labels():
    assert request(Version.ZERO_SEVEN, {"cloud.provider": "aws"}, [summary({"Shop": "x"})]) == ZERO_SEVEN


def test_a_length_takes_seven_bits_a_byte():
    assert delimited(b"") == b"\0"
    assert delimited(b"x" * 300)[:3] == b"\xac\x02x"
