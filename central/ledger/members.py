"""Where the members of the group are, as it stands in the configuration's context."""

from collections.abc import Mapping

from central.raft import Configuration
from node.address import Address


def configuration_of(addresses: Mapping[str, Address]) -> Configuration:
    """Return a first configuration: everybody votes."""
    return Configuration(voters=frozenset(addresses), context=encode_addresses(addresses))


def encode_addresses(addresses: Mapping[str, Address]) -> bytes:
    """Return addresses as bytes: equal ones are equal bytes."""
    return ",".join(f"{name}={at}" for name, at in sorted(addresses.items())).encode()


def decode_addresses(context: bytes) -> dict[str, Address]:
    """Return what `encode_addresses` wrote; raises UsageError for anything else."""
    pairs = (part.partition("=") for part in context.decode().split(",") if part)
    return {name: Address.parse(at) for name, _, at in pairs}
