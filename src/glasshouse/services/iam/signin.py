"""What users sign in with: passwords, and virtual MFA devices whose codes are really checked (TOTP, RFC 6238)."""

import base64
import hashlib
import hmac
import io
from urllib.parse import quote

from glasshouse.core import ids
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidAuthenticationCode,
    LimitExceeded,
    NoSuchEntity,
    PasswordPolicyViolation,
)
from glasshouse.services.iam.records import LoginProfile, MfaDevice, PasswordPolicy, User

STEP_S = 30
RESYNC_STEPS, SIGN_IN_STEPS = 20, 1
SEED_BYTES = 40
DEVICES_PER_USER, PIXELS_A_MODULE = 8, 5
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class SignIn:
    """The operations on passwords and MFA devices."""

    def create_login_profile(
        self, user_name: str | None = None, password: str = "", password_reset_required: bool = False
    ):
        user = self._user(user_name)
        if self.login_profiles.get(user.user_name):
            raise EntityAlreadyExists(f"Login Profile for user {user.user_name} already exists.")
        self._check_password(password)
        profile = LoginProfile(user.user_name, self.now, _hashed(password), password_reset_required)
        return {"LoginProfile": self.login_profiles.put(profile)}

    def get_login_profile(self, user_name: str | None = None):
        return {"LoginProfile": self._login_profile(self._user(user_name))}

    def update_login_profile(
        self, user_name: str, password: str | None = None, password_reset_required: bool | None = None
    ):
        profile = self._login_profile(self._user(user_name))
        if password is not None:
            self._check_password(password)
            profile.password_hash = _hashed(password)
        if password_reset_required is not None:
            profile.password_reset_required = password_reset_required
        self.login_profiles.put(profile)

    def delete_login_profile(self, user_name: str | None = None):
        self.login_profiles.delete(self._login_profile(self._user(user_name)))

    def change_password(self, old_password: str, new_password: str):
        profile = self._login_profile(self._user(None))
        salt = profile.password_hash.partition("$")[0]
        if not hmac.compare_digest(_hashed(old_password, salt), profile.password_hash):
            raise PasswordPolicyViolation("The old password was incorrect.")
        self._check_password(new_password)
        profile.password_hash, profile.password_reset_required = _hashed(new_password), False
        self.login_profiles.put(profile)

    # MFA

    def create_virtual_mfa_device(self, virtual_mfa_device_name: str, path: str = "/", tags: list | None = None):
        serial = self._iam_arn("mfa", path, virtual_mfa_device_name)
        if self.mfa_devices.get(serial):
            raise EntityAlreadyExists("MFA device already exists.")
        seed = base64.b32encode(ids.random_bytes(SEED_BYTES))
        self._tag(serial, tags)
        self.mfa_devices.put(MfaDevice(serial, self.cloud.seal.close(seed)))
        picture = _picture(self.call.account, virtual_mfa_device_name, seed)
        return {"VirtualMFADevice": {"SerialNumber": serial, "Base32StringSeed": seed, "QRCodePNG": picture}}

    def delete_virtual_mfa_device(self, serial_number: str):
        device = self._device(serial_number)
        if device.user_name:
            raise DeleteConflict(f"MFA VirtualDevice in use. Must deactivate first: {serial_number}")
        self.cloud.tags.clear(serial_number)
        self.mfa_devices.delete(device)

    def enable_mfa_device(
        self, user_name: str, serial_number: str, authentication_code1: str, authentication_code2: str
    ):
        """Two codes in a row show that the user's device has the seed and the time."""
        user, device = self._user(user_name), self._device(serial_number)
        if device.user_name:
            raise EntityAlreadyExists("MFA Device is already in use.")
        if len([other for other in self.mfa_devices.list() if other.user_name == user_name]) >= DEVICES_PER_USER:
            raise LimitExceeded(f"Cannot exceed quota for MFADevicesPerUser: {DEVICES_PER_USER}")
        self._take_codes(device, authentication_code1, authentication_code2)
        device.user_name, device.enable_date = user.user_name, self.now
        self.mfa_devices.put(device)

    def resync_mfa_device(
        self, user_name: str, serial_number: str, authentication_code1: str, authentication_code2: str
    ):
        device = self._users_device(self._user(user_name), serial_number)
        device.last_step = 0
        self._take_codes(device, authentication_code1, authentication_code2)
        self.mfa_devices.put(device)

    def deactivate_mfa_device(self, user_name: str | None = None, serial_number: str = ""):
        device = self._users_device(self._user(user_name), serial_number)
        device.user_name = device.enable_date = None
        self.mfa_devices.put(device)

    def list_mfa_devices(self, user_name: str | None = None, marker: str | None = None, max_items: int = PAGE):
        user = self._user(user_name)
        devices, page = self._page(
            self.mfa_devices, marker, max_items, lambda device: device.user_name == user.user_name
        )
        return {"MFADevices": devices, **page}

    def get_mfa_device(self, serial_number: str, user_name: str | None = None):
        device = self._device(serial_number)
        return {"UserName": device.user_name, "SerialNumber": serial_number, "EnableDate": device.enable_date}

    def list_virtual_mfa_devices(
        self, assignment_status: str = "Any", marker: str | None = None, max_items: int = PAGE
    ):
        def shown(device: MfaDevice) -> bool:
            return assignment_status == "Any" or bool(device.user_name) == (assignment_status == "Assigned")

        devices, page = self._page(self.mfa_devices, marker, max_items, shown)
        return {"VirtualMFADevices": [self._device_shown(device) for device in devices], **page}

    def tag_mfa_device(self, serial_number: str, tags: list):
        self._tag(self._device(serial_number).serial_number, tags)

    def untag_mfa_device(self, serial_number: str, tag_keys: list):
        self._untag(self._device(serial_number).serial_number, tag_keys)

    def list_mfa_device_tags(self, serial_number: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._device(serial_number).serial_number, marker, max_items)

    # The seam to sts

    def _shown_code_is_right(self, user_arn: str, serial_number: str, code: str) -> bool:
        """Take a code of a user's device, once."""
        device = self.mfa_devices.get(serial_number)
        if device is None or device.user_name is None or device.user_name != user_arn.rpartition("/")[2]:
            return False
        try:
            self._take_codes(device, code)
        except InvalidAuthenticationCode:
            return False
        self.mfa_devices.put(device)
        return True

    # Within

    def _login_profile(self, user: User) -> LoginProfile:
        profile = self.login_profiles.get(user.user_name)
        if profile is None:
            raise NoSuchEntity(f"Login Profile for User {user.user_name} cannot be found.")
        return profile

    def _check_password(self, password: str):
        policy = self.password_policies.get("the account's") or PasswordPolicy("default")
        needs = [
            (policy.minimum_password_length <= len(password), f"a minimum length of {policy.minimum_password_length}"),
            (not policy.require_symbols or any(not c.isalnum() for c in password), "at least one symbol"),
            (not policy.require_numbers or any(c.isdigit() for c in password), "at least one number"),
            (not policy.require_uppercase_characters or password.lower() != password, "one uppercase letter"),
            (not policy.require_lowercase_characters or password.upper() != password, "one lowercase letter"),
        ]
        lacking = [need for met, need in needs if not met]
        if lacking:
            raise PasswordPolicyViolation(f"Password should have {', '.join(lacking)}")

    def _device(self, serial_number: str) -> MfaDevice:
        device = self.mfa_devices.get(serial_number)
        if device is None:
            raise NoSuchEntity(f"MFA Device with serial number {serial_number} does not exist.")
        return device

    def _users_device(self, user: User, serial_number: str) -> MfaDevice:
        device = self.mfa_devices.get(serial_number)
        if device is None or device.user_name != user.user_name:
            raise NoSuchEntity(f"MFA Device invalid for user {user.user_name}.")
        return device

    def _device_shown(self, device: MfaDevice) -> dict:
        user = self.users.get(device.user_name) if device.user_name else None
        return {
            "SerialNumber": device.serial_number,
            "User": user,
            "EnableDate": device.enable_date,
        }

    def _take_codes(self, device: MfaDevice, *codes: str):
        """Accept codes that follow one another, near the machine's time and never used before."""
        seed = base64.b32decode(self.cloud.seal.open(device.sealed_seed))
        present = int(self.cloud.clock.real()) // STEP_S
        slack = RESYNC_STEPS if len(codes) > 1 else SIGN_IN_STEPS
        for step in range(max(present - slack, device.last_step + 1), present + slack + 1):
            if all(_code(seed, step + place) == code for place, code in enumerate(codes)):
                device.last_step = step + len(codes) - 1
                return
        raise InvalidAuthenticationCode("Authentication code for device is not valid.")


def _picture(account: str, name: str, seed: bytes) -> bytes:
    """The QR code that an authenticator app reads: where the codes are for, and the seed they come from."""
    from segno import make_qr

    issuer = "Amazon%20Web%20Services"
    written = io.BytesIO()
    code = make_qr(f"otpauth://totp/{issuer}:{quote(name)}@{account}?secret={seed.decode()}&issuer={issuer}")
    code.save(written, kind="png", scale=PIXELS_A_MODULE)
    return written.getvalue()


def _code(seed: bytes, step: int) -> str:
    """Six digits (RFC 4226, section 5.3)."""
    digest = hmac.digest(seed, step.to_bytes(8), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _hashed(password: str, salt: str | None = None) -> str:
    salt = salt or ids.token(16)
    return f"{salt}${hashlib.scrypt(password.encode(), salt=salt.encode(), **SCRYPT).hex()}"
