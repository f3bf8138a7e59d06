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

__all__ = ["encode_refusal", "encode_result", "fingerprint_of", "outcome_of"]


class _Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    refused: str | None = None
    reason: str = ""


_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode
_decode = msgspec.json.Decoder(_Outcome).decode


def fingerprint_of(command: Command[Any]) -> bytes:
    """Return what tells another content under the same id: a hash of type and content.

    Raises:
        CodecError: The command cannot be written as JSON.
    """
    name = options_of(type(command)).name
    try:
        content = _encode(command)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        message = f"{type(command).__name__} cannot be sent with an id: {error}"
        raise CodecError(message) from error
    return sha256(name.encode() + b"\x1f" + content).digest()


def encode_result(command: Command[Any], result: object) -> bytes:
    """Write an answer.

    Raises:
        CodecError: It cannot be written, or not be read back as what the command promises.
    """
    try:
        raw = _encode(result)
        msgspec.json.decode(raw, type=result_of(type(command)))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        message = (
            f"{type(command).__name__} was sent with an id, so its answer is kept, but {result!r} "
            f"cannot be: {error}. Return what JSON can hold, or None."
        )
        raise CodecError(message) from error
    return _encode(_Outcome(msgspec.Raw(raw)))


def encode_refusal(refusal: Rejected) -> bytes:
    """Write a refusal: its code and its words."""
    return _encode(_Outcome(refused=refusal.code, reason=str(refusal)))


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
        return msgspec.json.decode(kept.result, type=result_of(type(command))), None
    except msgspec.MsgspecError as error:
        message = (
            f"The first answer to this {type(command).__name__} was kept, but does not fit its "
            f"result type now: {error}. The command has run; ask a read model for what it did."
        )
        raise CodecError(message) from error


def _refusal(code: str, reason: str) -> Rejected:
    classes = [cls for cls in _subclasses(Rejected) if cls.code == code]
    if len(classes) == 1:
        try:
            return classes[0](reason)
        except TypeError:
            pass  # a class that takes other arguments cannot be made of a text
    refusal = Rejected(reason)
    vars(refusal)["code"] = code  # of this one refusal; the class has another
    return refusal


def _subclasses(cls: type[Rejected]) -> Iterator[type[Rejected]]:
    yield cls
    for below in cls.__subclasses__():
        yield from _subclasses(below)
