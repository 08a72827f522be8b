"""What botocore's client writes, we read: for every operation, in each protocol of its service, whatever the values."""

import pytest

from glasshouse.protocol import model, routes, wire
from tests.protocol import client
from tests.protocol.drawing import check_all, pruned


@pytest.mark.parametrize(("service", "protocol", "name"), client.operations())
def test_a_request_is_read_as_it_was_meant(service, protocol, name):
    theirs, ours = client.operation(service, protocol, name), model.operation(service, name)
    codec = wire.codec(service, protocol)

    retyped = client.retyped(theirs.input_shape, ours.input_shape)

    def reads_back(params):
        for member in retyped:
            params.pop(member, None)
        request = client.request(protocol, theirs, params)
        labels = None
        if protocol.startswith("rest"):
            found, labels = routes.match(service, request.method, request.path, request.query_pairs, request.headers)
            assert found == client.REPLACED.get(name, name)
            if name in client.REPLACED:
                return
        read = codec.parse(ours, request, labels)
        assert read == params or pruned(read) == pruned(params)

    check_all(theirs.input_shape, reads_back, xml=protocol == "rest-xml")
