"""Functions in sandboxes. They share loopback with the cloud, and the secret of `test` is no secret.

On AWS a function has the rights of its execution role. Here any function could sign as root, so what it sends with a
key that everybody knows is refused, and so is all that it asks of the admin API. Who is at the other end of a
connection the kernel knows: the user of the socket. It is asked once a connection, when there is such a request to be
judged, and only in a cloud that has run functions. Where functions have no users of their own, because the cloud was
not started by root, nothing can be told: there a function may do whatever the cloud's user may.

An open cloud believes whoever asks, its functions too. But the admin API reaches beyond the cloud, into the machine's
files, and is not for functions there either.
"""

from asyncio import BaseTransport

from glasshouse.core.call import Source
from glasshouse.core.cloud import Cloud
from glasshouse.gateway import errors
from glasshouse.gateway.admission import Admission


def is_at_the_end(cloud: Cloud, transport: BaseTransport, peer: tuple) -> bool:
    """Whether a function of this cloud is at the other end of a connection."""
    if cloud.is_sandboxed is None:
        return False
    try:
        here = transport.get_extra_info("sockname")
    except OSError:
        here = ()
    if len(peer) < 2 or len(here) < 2:
        return True  # it was gone before it could be looked at
    return cloud.is_sandboxed(peer[:2], here[:2])


def is_function(cloud: Cloud, source: Source) -> bool:
    """Whether a function sends this. Costs nothing in a cloud that has run none."""
    return cloud.is_sandboxed is not None and source.is_sandboxed()


def check_key(cloud: Cloud, admission: Admission, access_key_id: str | None, source: Source):
    """Raise AccessDenied if a function uses a key that everybody knows."""
    if admission.is_open or not admission.is_known_to_all(access_key_id) or not is_function(cloud, source):
        return
    raise errors.AccessDenied(
        f"A function may not use the key {access_key_id}, which everybody knows: it has no rights but those of its"
        " execution role. The role's credentials are in its environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,"
        " AWS_SESSION_TOKEN), where an SDK finds them if it is given no others."
    )
