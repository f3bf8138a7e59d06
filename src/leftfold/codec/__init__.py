"""Between events and bytes. Read by: the kernel and whoever follows the log."""

from leftfold.codec.codec import Codec, Sealed
from leftfold.codec.envelope import decode_envelope, encode_envelope
from leftfold.codec.upcaster import Upcaster

__all__ = ["Codec", "Sealed", "Upcaster", "decode_envelope", "encode_envelope"]
