"""What is a secret goes, what is none stays; lines, quotes and names stay in any case."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import pydoc
import subprocess
import sys
import threading

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aip_jupyter import redaction
from aip_jupyter.errors import AipError, NotFound, Unavailable
from aip_jupyter.redaction import MARK, Hidden, Secret, keep_secret, redact
from aip_jupyter.wire.errors import decode_error, encode_error

TOKEN = "aip_0123456789abcdef0123456789abcdef_Ab-Cd_Ef0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl-_"
KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_kept", {})


SECRETS = [
    # known shapes, alone, in sentences, in escaped text and in diffs
    TOKEN,
    JWT,
    f"it was {TOKEN}.",
    f"-{TOKEN}",
    f"-{JWT}",
    f"'a\\n{TOKEN}'",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "gho_16C7e42F292c6912E7710c838347Ae178B4a",
    "a\\nghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "sk-proj-abcdefghijklmnop_qrstuvwxyz-0123456789",
    "sk-ant-api03-abcdefghijklmnop_qrstuvwxyz",
    "sk-abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-1234567890-abcdefghij",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    # headers
    "Authorization: Bearer hunter2-token",
    "authorization: hunter2",
    "Proxy-Authorization: Basic dXNlcjpwYXNz",
    "{'Authorization': 'token hunter2', 'Accept': '*/*'}",
    '{"Authorization": "Basic dXNlcjpwYXNz", "Accept": "*/*"}',
    "[(b'authorization', b'Bearer hunter2'), (b'accept', b'*/*')]",
    'curl -H "Authorization: Bearer hunter2" https://host/path',
    "Authorization: AWS4-HMAC-SHA256 Credential=hunter2/2024, SignedHeaders=host, Signature=hunter2",
    "X-Api-Key: hunter2",
    "sent with Bearer hunter2-abc and",
    "sent with Basic dXNlcjpwYXNz and",
    # addresses
    "postgresql://user:hunter2@host:5432/db",
    "postgresql://user:hun@ter2@host:5432/db",
    "see https://:hunter2@host/",
    "https://host/x?token=hunter2&limit=1",
    "https://host/x?a=1&X-Amz-Signature=hunter2&X-Amz-Credential=hunter2%2F2024&X-Amz-Security-Token=hunter2",
    "/x?sig=hunter2&se=2024",
    "/x?signature=hunter2",
    "/x?key=AbcdefghIjklmn0123",
    "/x?password=hunter2",
    '<a href="/x?a=1&amp;access_token=hunter2">',
    # code, configuration, command lines
    'password = "hunter2"',
    "password='hunter2'",
    'PASSWORD: str = "hunter2"',
    'connect("db", user="bob", password="hunter2", retries=3)',
    "os.environ[\"AWS_SECRET_ACCESS_KEY\"] = 'hunter2'",
    'os.environ["AWS_SECRET_ACCESS_KEY"] = f"hunter2"',
    'os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "hunter2")',
    'key = os.getenv("API_KEY", "hunter2")',
    '{"secret": "hunter2", "name": "x"}',
    '{\\"secret\\": \\"hunter2\\", \\"name\\": \\"x\\"}',
    '"client_secret" : "hunter2",',
    'clientSecret: "hunter2",',
    'private_key_passphrase = ("hunter2")',
    'if password == "hunter2":',
    "api_key: hunter2",
    "password: swordfish",
    "PASSWORD=swordfish",
    "export DB_PASS=hunter2 OTHER=x",
    "login of bob failed: password=hunter2",
    "%env HF_TOKEN hunter2-abc",
    "%env HF_TOKEN=hunter2-abc",
    "!tool --password hunter2 --verbose",
    "!tool --api-key=hunter2 --verbose",
    "machine host login bob password hunter2",
    'requests.get(url, auth=("bob", "hunter2"))',
    "AccountName=x;AccountKey=hunter2aaaa==;EndpointSuffix=core",
    'auth_token = "hunter2-abc"',
    'TOKEN = "swordfish"',
    '+password = "hunter2"',
    '-  "secret": "hunter2",',
    f"aws_secret_access_key = {KEY}",
]


WITH_QUOTES = [
    'Cookie: username-127-0-0-1-8888="2|1:0|hunter2"; _xsrf=2|hunter2',
    "password = \"hun'ter2",
]
"""Quotes that are part of the secret."""


@pytest.mark.parametrize("text", [*SECRETS, *WITH_QUOTES])
def test_secrets_go_and_all_else_stays(text: str) -> None:
    shown = redact(text)
    assert MARK in shown
    for secret in ("hunter2", "hun'ter2", "ter2", "swordfish", "dXNlcjpwYXNz", KEY, TOKEN[-8:], JWT[-8:]):
        assert secret not in shown
    # The values fill the gaps: nothing around them has changed.
    begin, *_, end = shown.split(MARK)
    assert text.startswith(begin)
    assert text.endswith(end)
    if text not in WITH_QUOTES:
        assert [shown.count(quote) for quote in "\"'"] == [text.count(quote) for quote in "\"'"]
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "018f3b0c44298fc1c149afbf4c8996fb",
        "https://host/x?digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "the token of a kernel",
        "max_tokens=100",
        "num_tokens: 5",
        "tokens = 12345678",
        'tokenizer = "bert"',
        "TOKENIZERS_PARALLELISM=false",
        'tokenizer.pad_token = "<|endoftext|>"',
        'mask_token="something-else"',
        'next_page_token: "abcdefgh12345678"',
        "/x?page_token=abcdefgh12345678&key=accuracy",
        'if token == "[CLS]":',
        'token = "tokenization"',
        'token_type = "bearer"',
        "key=accuracy",
        'key="loss"',
        '{"key": "val/accuracy_top5"}',
        "password = getpass()",
        'password = getpass.getpass("password")',
        "password = config.password",
        "password = None",
        "connect(user=user, password=password, token=tok)",
        'token = os.environ["X"]',
        'token = os.environ.get("X")',
        'secret = secrets["db"]',
        "secret = secrets.token_urlsafe(32)",
        "password=${PASSWORD}",
        "export API_TOKEN=$TOKEN",
        'headers = {"Authorization": f"Bearer {token}"}',
        "f'postgresql://{user}:{password}@{host}/db'",
        "?token=...",
        "?token={token}",
        "def f(password: str, token: Optional[str] = None) -> None:",
        "password: str",
        'columns = ["user", "password", "email"]',
        "secretName: my-secret",
        "ssh://git@host/x",
        "http://localhost:8888/a@b",
        "private_key = ~/.ssh/id_rsa",
        "token: /var/run/secrets/token",
        'token_file = "/var/run/secrets/token"',
        "token: it is not valid here, or not any more; make a new one with %aip token new",
        "AIP_TOKEN: must be set",
        "AIP_URL: give the address alone, and a token in AIP_TOKEN",
        "passwords: required",
        "Basic understanding of Bearer authentication",
        '<div class="sk-toggleable__label-arrow sk-container-id-1">',
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "A̷ any 😀 text, \ud800 too",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("marker", ["", "+", "-", "    "])
def test_a_private_key_goes_with_all_its_lines(marker: str) -> None:
    for kind in ("RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"):
        lines = [f"-----BEGIN {kind}-----", "MIIEabc/+==", "b3Blbn", "", f"-----END {kind}-----", "more"]
        shown = redact("\n".join(marker + line for line in lines)).split("\n")
        assert shown[0] == marker + lines[0]
        assert shown[1:3] == [marker + MARK] * 2
        assert shown[3:] == [marker + line for line in lines[3:]]


def test_a_private_key_in_a_string_or_cut_off_goes() -> None:
    shown = redact(
        '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n", "a": 1}'
    )
    assert json.loads(shown)["a"] == 1
    assert "MIIE" not in shown
    cut = "-----BEGIN PRIVATE KEY-----\nMIIE\nMIIF\nand so it ends"
    assert redact(cut).split("\n")[1:] == [MARK, MARK, "and so it ends"]


def test_strings_over_several_lines_keep_their_lines() -> None:
    text = 'password = """\n+hunter2\n  hunter3"""\nrest = "hunter"'
    assert redact(text) == f'password = """\n+{MARK}\n  {MARK}"""\nrest = "hunter"'


def test_a_secret_in_use_goes_in_every_form() -> None:
    keep_secret('s3cr"t/\\ü value')
    keep_secret("short")
    for form in (
        's3cr"t/\\ü value',
        repr('s3cr"t/\\ü value'),
        json.dumps('s3cr"t/\\ü value', ensure_ascii=False),
    ):
        assert "s3cr" not in redact(f"x{form}y")
    assert redact("/a?x=s3cr%22t%2F%5C%C3%BC%20value&y") == f"/a?x={MARK}&y"
    assert redact("short") == "short"
    keep_secret("abcdefgh")
    keep_secret("abcdefgh-and-more")
    assert redact("1 abcdefgh-and-more 2") == f"1 {MARK} 2"
    keep_secret("line one\nline two")
    assert redact("a line one\nline two b") == f"a {MARK}\n{MARK} b"
    keep_secret("redacted")
    assert redact(redact("abcdefgh")) == MARK


def test_the_latest_secrets_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "MAX_KEPT", 3)
    for number in (1, 2, 1, 3, 4):
        keep_secret(f"a-value-{number}")
    assert redact("a-value-1 a-value-2 a-value-3 a-value-4") == f"{MARK} a-value-2 {MARK} {MARK}"


def test_environment_variables_that_say_so_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    names = """AIP_TOKEN CLEARML_ACCESS_KEY CLEARML_SECRET_KEY USER_TOKEN PODSTACK_API_KEY
        AWS_SECRET_ACCESS_KEY HF_TOKEN GITHUB_TOKEN JUPYTERHUB_API_TOKEN PGPASSWORD MY_PASSWD
        DB_CREDENTIALS PRIVATE_KEY SECRET_2"""
    for name in names.split():
        with monkeypatch.context() as patch:
            assert redact("as value 1 is") == "as value 1 is"
            patch.setenv(name, "as value 1")
            assert redact("as value 1 is") == f"{MARK} is", name
    for name in ("TOKENIZERS_PARALLELISM", "KF_PIPELINES_SA_TOKEN_PATH", "TOKEN_URL", "HOME", "MONKEY"):
        monkeypatch.setenv(name, "as value 1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/home/a/credentials.json")
    assert redact("as value 1 in /home/a/credentials.json") == "as value 1 in /home/a/credentials.json"


WORDS = r"""
token password secret api_key key Authorization Cookie auth -- Bearer Basic = : , " ' ` ''' \ \" [ ] ( )
{ } $ < > & ? # ; @ :// http:// hunter2 abcdefgh-1 dXNlcjpwYXNz [redacted] redacted + - eyJ . _ eyJa.b.c aip_
%env %s ... 1 12345678 str é None login getenv( f" b' => == != | * PRIVATE
"""
OTHERS = [" ", "\n", "\r\n", " = ", ": ", '"""', "\ud800", TOKEN, "known-secret"]
BLOCK = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"]
PIECES = st.sampled_from([*WORDS.split(), *OTHERS, *BLOCK])


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=20).map("".join))
def test_whatever_comes_lines_stay_and_twice_is_once(text: str) -> None:
    keep_secret("known-secret")
    shown = redact(text)
    assert redact(shown) == shown
    assert shown.count("\n") == text.count("\n")
    assert TOKEN not in shown
    assert "known-secret" not in shown


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "-",
        "token ",
        "token=f(",
        'token="a b token=\'c d token=`e f token=\\"g ',
        'token="""x y ',
        "password" + " " * 40,
        "-eyJ",
        "eyJa.",
        "aip_aaaaaaaa-",
        "-----BEGIN PRIVATE KEY-----\n",
        "://a:",
        "?token=",
        "authorization=f(",
        'auth=("a","',
        "\\",
    ],
)
def test_much_of_anything_takes_time_in_proportion(unit: str) -> None:
    """What grows with the square of the length would take many minutes, and the test would be ended."""
    text = unit * (300_000 // len(unit))
    assert redact(text).count("\n") == text.count("\n")


def test_threads_may_register_while_others_redact(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def register() -> None:
        number = 0
        while not done.is_set():
            keep_secret(f"secret-{number}")
            monkeypatch.setenv(f"A_TOKEN_{number % 50}", f"secret-{number}")
            number += 1

    thread = threading.Thread(target=register)
    thread.start()
    try:
        assert {redact("nothing here") for _ in range(40)} == {"nothing here"}
    finally:
        done.set()
        thread.join()


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("hunter2-abc")
    for shown in (repr(secret), f"{secret!r}", repr({"token": secret}), pydoc.text.repr([secret])):
        assert "hunter2" not in shown
    assert secret == "hunter2-abc"
    assert "hunter2-abc" in {secret}
    assert secret.encode() == b"hunter2-abc"
    assert f"{secret}" == "hunter2-abc"
    assert json.dumps(secret) == '"hunter2-abc"'
    assert msgspec.json.encode(str(secret)) == b'"hunter2-abc"'  # which takes no subclass of str
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    for other in (copy.deepcopy(secret), pickle.loads(pickle.dumps(secret))):
        assert (type(other), other) == (Secret, "hunter2-abc")


def test_a_hidden_dict_does_not_show_its_values() -> None:
    hidden = Hidden(os.environ, AIP_TOKEN="hunter2-abc")
    assert hidden["AIP_TOKEN"] == "hunter2-abc"
    assert repr(hidden) == f"{hidden}" == pydoc.text.repr(hidden) == "Hidden(…)"


def test_errors_never_hold_a_secret() -> None:
    keep_secret("known-secret")
    error = Unavailable("postgresql://u:hunter2@h: refused known-secret", field="x")
    assert error.message == str(error) == f"postgresql://u:{MARK}@h: refused {MARK}"
    status, body = encode_error(error)
    assert (status, body.error.message) == (503, error.message)
    other = NotFound(f"no {TOKEN}", nearest=["a"])
    assert (other.message, other.details()) == (f"no {MARK}", {"nearest": ["a"]})
    assert isinstance(other, AipError)
    reply = json.dumps({"error": {"code": "denied", "message": f"no {TOKEN}"}}).encode()
    assert decode_error(403, reply).message == f"no {MARK}"
    assert "hunter2" not in decode_error(502, b"upstream http://u:hunter2@h failed").message


def test_basic_credentials_are_told_from_words() -> None:
    encoded = base64.b64encode(b"__token__:x").decode()
    assert redact(f"Basic {encoded}") == f"Basic {MARK}"
    assert redact("Basic TensorFlow") == "Basic TensorFlow"


def test_importing_the_errors_compiles_no_pattern() -> None:
    code = "import sys, aip_jupyter.errors; print(*(f'aip_jupyter.{m}' in sys.modules for m in {names}))"
    code = code.format(names=("redaction", "redaction.rules"), m="{m}")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["True", "False"]
