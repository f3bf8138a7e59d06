"""A command's first answer, as bytes in its receipt and back. Read by: the kernel's authors."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.errors import CodecError, Rejected
from leftfold.messages.message import options_of
from leftfold.modeling.signature import result_of

if TYPE_CHECKING:
    from leftfold.messages.message import Command

__all__ = [
    "content_of",
    "encode_refusal",
    "encode_result",
    "fingerprint_of",
    "fingerprints_of",
    "outcome_of",
]


class _Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    refused: str | None = None
    reason: str = ""


_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode
_decode = msgspec.json.Decoder(_Outcome).decode
_UNWRITABLE = (TypeError, ValueError, OverflowError, RecursionError)


def content_of(command: Command[Any]) -> bytes:
    """Write a command so that equal ones give equal bytes, in every process.

    Fields that hold their default are left out, so that a retry is the same command still
    after the class got a new field.

    Raises:
        CodecError: The command cannot be written as JSON.
    """
    cls = type(command)
    try:
        given = {
            field.name: value
            for field in _fields(cls)
            if not _is_default(field, value := getattr(command, field.name))
        }
        return _encode(given)
    except _UNWRITABLE as error:
        message = f"{cls.__name__} cannot be sent with an id: {error}"
        raise CodecError(message) from error


def _fields(cls: type[Command[Any]]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return a command's fields, looked up once: resolving its types costs 100 µs."""
    compiled = options_of(cls).compiled
    if "fields" not in compiled:
        compiled["fields"] = msgspec.structs.fields(cls)
    fields: tuple[msgspec.structs.FieldInfo, ...] = compiled["fields"]
    return fields


def _is_default(field: msgspec.structs.FieldInfo, value: object) -> bool:
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    # 1, True and 1.0 are equal, and different contents.
    return type(value) is type(default) and value == default


def fingerprint_of(command: Command[Any]) -> bytes:
    """Return what tells another content under the same id: a hash of type and content.

    Raises:
        CodecError: The command cannot be written as JSON.
    """
    return _fingerprint(options_of(type(command)).name, content_of(command))


def fingerprints_of(command: Command[Any]) -> frozenset[bytes]:
    """Return the fingerprints under every name that the command's class has or had."""
    options, content = options_of(type(command)), content_of(command)
    return frozenset(_fingerprint(name, content) for name in (options.name, *options.formerly))


def _fingerprint(name: str, content: bytes) -> bytes:
    return sha256(name.encode() + b"\x1f" + content).digest()


def encode_result(command: Command[Any], result: object) -> bytes:
    """Write an answer.

    Raises:
        CodecError: It cannot be written, or would not come back as it is.
    """
    try:
        raw = _encode(result)
        again = _decoder(command).decode(raw)
    except _UNWRITABLE as error:
        raise _not_kept(command, result, str(error)) from error
    if again != result:
        raise _not_kept(command, result, f"it would come back as {again!r}")
    return _encode(_Outcome(msgspec.Raw(raw)))


def _not_kept(command: Command[Any], result: object, reason: str) -> CodecError:
    return CodecError(
        f"{type(command).__name__} was sent with an id, so its answer is kept, but {result!r} "
        f"cannot be: {reason}. Return what its Command[…] says and JSON can hold, or None."
    )


def _decoder(command: Command[Any]) -> msgspec.json.Decoder[Any]:
    compiled = options_of(type(command)).compiled
    if "decoder" not in compiled:
        compiled["decoder"] = msgspec.json.Decoder(result_of(type(command)))
    decoder: msgspec.json.Decoder[Any] = compiled["decoder"]
    return decoder


def encode_refusal(refusal: Rejected) -> bytes:
    """Write a refusal: its code and words, even where these are no Unicode text."""
    words = str(refusal).encode(errors="backslashreplace").decode()
    return _encode(_Outcome(refused=refusal.code, reason=words))


def outcome_of(command: Command[Any], outcome: bytes) -> tuple[Any, Rejected | None]:
    """Read a first answer back.

    Returns:
        The result, or the refusal as the class of its code, else as `Rejected`.

    Raises:
        CodecError: The stored answer does not fit what the command promises now.
    """
    try:
        kept = _decode(outcome)
        if kept.refused is not None:
            return None, _refusal(kept.refused, kept.reason)
        return _decoder(command).decode(kept.result), None
    except (TypeError, ValueError, RecursionError) as error:
        message = (
            f"The first answer to this {type(command).__name__} was kept, but does not fit its "
            f"result type now: {error}. The command has run; ask a read model for what it did."
        )
        raise CodecError(message) from error


def _refusal(code: str, reason: str) -> Rejected:
    # A module that is loaded again defines its classes again: the newest of a name counts.
    named = {(c.__module__, c.__qualname__): c for c in _subclasses(Rejected) if c.code == code}
    if len(named) == 1:
        (cls,) = named.values()
        return _made(cls, reason)
    refusal = Rejected(reason)
    refusal.__dict__["code"] = code  # of this one refusal; the class has another
    return refusal


def _made(cls: type[Rejected], reason: str) -> Rejected:
    """Make a refusal of its words, whatever else its class wants to be made of."""
    try:
        refusal = cls(reason)
    except Exception:  # noqa: BLE001  it is the user's own
        return cls.__new__(cls, reason)
    return refusal if str(refusal) == reason else cls.__new__(cls, reason)


def _subclasses(cls: type[Rejected]) -> Iterator[type[Rejected]]:
    yield cls
    for below in cls.__subclasses__():
        yield from _subclasses(below)
