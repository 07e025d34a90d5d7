import sys

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliedml.errors import MissingExtraError, RunError
from appliedml.store._keys import (
    PasswordNeededError,
    SigningKey,
    key_fingerprint,
    read_key,
    read_trusted,
    signature_holds,
)

# Known to ssh-keygen -l as this fingerprint.
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIObDisCeeDc/7lwq0fGhv43qd9112WD9HeZ6tX2XW/ny"
PRINT = "SHA256:U2mfPtUqH5ZPpTnOsawDYfr96XMRzRu71tkVkqxXEDc"


def write_key(path, form_name, password=None, private=None):
    private = private or Ed25519PrivateKey.generate()
    lock = form.NoEncryption() if password is None else form.BestAvailableEncryption(password)
    path.write_bytes(private.private_bytes(form.Encoding.PEM, getattr(form.PrivateFormat, form_name), lock))
    return SigningKey(private)


@pytest.mark.parametrize("form_name", ["OpenSSH", "PKCS8"])
def test_keys_in_both_forms_sign_and_are_recognised(tmp_path, form_name):
    made = write_key(tmp_path / "id", form_name)
    key = read_key(tmp_path / "id")
    assert key.public == made.public
    signature = key.sign(b"message")
    assert signature_holds(key.public, signature, b"message")
    assert not signature_holds(key.public, signature, b"massage")
    assert not signature_holds(PUBLIC, signature, b"message")
    assert signature_holds(key.public + " a comment", signature, b"message")


def test_a_password_is_asked_for_checked_and_not_needed_where_there_is_none(tmp_path):
    write_key(tmp_path / "locked", "PKCS8", b"secret")
    write_key(tmp_path / "open", "PKCS8")
    assert read_key(tmp_path / "locked", "secret").public
    assert read_key(tmp_path / "open", "needless").public
    with pytest.raises(PasswordNeededError, match="is encrypted"):
        read_key(tmp_path / "locked")
    with pytest.raises(RunError, match="the password is wrong"):
        read_key(tmp_path / "locked", "guess")


def test_the_fingerprint_is_that_of_ssh_keygen():
    assert key_fingerprint(PUBLIC + " somebody") == PRINT


@pytest.mark.parametrize(
    "line", ["", "ssh-rsa AAAA", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 ****", PUBLIC[:-4]]
)
def test_what_is_no_public_key_has_no_fingerprint_and_signs_nothing(line):
    assert key_fingerprint(line) == ""
    assert signature_holds(line, "AAAA", b"") is False


@pytest.mark.parametrize("signature", ["", "****", "AAAA", "é"])
def test_what_is_no_signature_does_not_hold(signature):
    assert signature_holds(PUBLIC, signature, b"") is False


def test_other_keys_and_other_files_are_refused(tmp_path):
    write_key(tmp_path / "ec", "PKCS8", private=generate_private_key(SECP256R1()))
    (tmp_path / "text").write_text("hello")
    for name, sentence in (
        ("ec", "must be an Ed25519 key"),
        ("text", "not a private key"),
        ("absent", "cannot be read"),
    ):
        with pytest.raises(RunError, match=sentence):
            read_key(tmp_path / name)


def test_trusted_keys_are_read_from_every_usual_form(tmp_path):
    other = SigningKey(Ed25519PrivateKey.generate()).public
    (tmp_path / "keys").write_text(f"# {PUBLIC} old\n\nssh-rsa AAAA x\n{PUBLIC} A. Owner\nb@example.org {other}\n")
    assert read_trusted(tmp_path / "keys") == {PRINT: "A. Owner", key_fingerprint(other): "b@example.org"}
    (tmp_path / "none").write_text("# nobody\n")
    with pytest.raises(RunError, match="holds no public Ed25519 key"):
        read_trusted(tmp_path / "none")


def test_without_the_library_signing_says_what_to_install_and_checking_says_that_it_cannot(tmp_path, monkeypatch):
    write_key(tmp_path / "id", "OpenSSH")
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for name in [name for name in sys.modules if name.startswith("cryptography.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"appliedml\[sign\]"):
        read_key(tmp_path / "id")
    assert signature_holds(PUBLIC, "AAAA", b"") is None
