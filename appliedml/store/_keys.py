"""Ed25519 keys of people: OpenSSH and PEM files, signatures, and files of trusted keys. Keys are read, never copied."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliedml.core.optional import require
from appliedml.errors import RunError

KIND = "ssh-ed25519"
_DOMAIN = b"appliedml sign-off 1\n"
_MAX_BYTES = 100_000


class PasswordNeededError(RunError):
    """The key is encrypted and no password was given."""


@dataclass(frozen=True)
class SigningKey:
    """A private key in memory.

    Parameters
    ----------
    private : object
        Of the library ``cryptography``.
    """

    private: Any

    @property
    def public(self) -> str:
        """The public key as OpenSSH writes it, without a comment."""
        from cryptography.hazmat.primitives import serialization as form

        line = self.private.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
        return str(line.decode("ascii"))

    def sign(self, message: bytes) -> str:
        """Return the signature of a message in base64."""
        return base64.b64encode(self.private.sign(_DOMAIN + message)).decode("ascii")


def read_key(path: Path, password: str | None = None) -> SigningKey:
    """Read a private Ed25519 key, OpenSSH or PEM.

    Parameters
    ----------
    path : Path
    password : str, optional

    Returns
    -------
    SigningKey

    Raises
    ------
    PasswordNeededError
        If it is encrypted and there is no password.
    RunError
        If it is no such key, or the password is wrong.
    """
    require("cryptography", "sign", "A signature")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    content = _bytes_of(path)
    load: Any = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
    try:
        private = load(content, None if password is None else password.encode())
    except TypeError as error:
        # cryptography's answer both to a missing password and to one that is not needed
        if password is not None:
            return read_key(path)
        raise PasswordNeededError(f"The key {path} is encrypted. Give its password.") from error
    except UnsupportedAlgorithm as error:
        # cryptography opens encrypted OpenSSH keys with the help of bcrypt.
        require("bcrypt", "sign", f"The encrypted key {path}")
        raise RunError(f"The key {path} is of a kind that cannot be read: {error}") from error
    except ValueError as error:
        if password is None and "encrypted" in str(error).lower():
            raise PasswordNeededError(f"The key {path} is encrypted. Give its password.") from error
        wrong = "the password is wrong, or " if password is not None else ""
        raise RunError(
            f"The key {path} cannot be read: {wrong}it is not a private key in OpenSSH or PEM form. "
            "Make one with: ssh-keygen -t ed25519"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise RunError(f"The key {path} must be an Ed25519 key. Make one with: ssh-keygen -t ed25519")
    return SigningKey(private)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(_MAX_BYTES)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error


def key_fingerprint(public: str) -> str:
    """Return a public key's fingerprint as ``ssh-keygen -l`` prints it.

    Parameters
    ----------
    public : str
        An OpenSSH line.

    Returns
    -------
    str
        Empty where the line is no public Ed25519 key.
    """
    blob = _blob(public)
    return "" if blob is None else "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _blob(public: str) -> bytes | None:
    words = public.split()
    if len(words) < 2 or words[0] != KIND:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    head = len(KIND).to_bytes(4) + KIND.encode() + (32).to_bytes(4)
    return blob if blob.startswith(head) and len(blob) == len(head) + 32 else None


def signature_holds(public: str, signature: str, message: bytes) -> bool | None:
    """Whether a signature is of this message and by this key.

    Parameters
    ----------
    public : str
    signature : str
        In base64.
    message : bytes

    Returns
    -------
    bool or None
        None where it cannot be checked, because ``cryptography`` is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    blob = _blob(public)
    if blob is None:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(blob[-32:])
        key.verify(base64.b64decode(signature, validate=True), _DOMAIN + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_trusted(path: Path) -> dict[str, str]:
    """Read a file of public keys: lines as in ``authorized_keys``, ``allowed_signers`` or a ``.pub`` file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to str
        Fingerprint to the name beside the key.

    Raises
    ------
    RunError
        If it cannot be read or holds no Ed25519 key.
    """
    found = {}
    for line in _bytes_of(path).decode("utf-8", "replace").splitlines():
        words = line.split()
        if KIND not in words or line.lstrip().startswith("#"):
            continue
        at = words.index(KIND)
        print_ = key_fingerprint(" ".join(words[at : at + 2]))
        if print_:
            found[print_] = " ".join(words[at + 2 :]) or (words[0] if at else "")
    if not found:
        raise RunError(f"{path} holds no public Ed25519 key. Give lines such as: {KIND} AAAA... name")
    return found
