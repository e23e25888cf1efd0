"""Where the members of the group are, as it stands in the configuration's context. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from central.raft import Configuration
from node.address import Address
from node.values import frozen


@frozen
class Place:
    """Where a member is. incarnation: of its disk (see `identity`); empty for the founders, who
    did not know each other's when the group was made.
    """

    address: Address
    incarnation: str = ""


@frozen
class Standing:
    """The latest configuration in a replica's log, where in it that is, and if it is committed."""

    configuration: Configuration
    index: int
    committed: bool


def configuration_of(addresses: Mapping[str, Address]) -> Configuration:
    """Return a first configuration: everybody votes."""
    return Configuration(voters=frozenset(addresses), context=encode_addresses(addresses))


def encode_addresses(addresses: Mapping[str, Address]) -> bytes:
    """Return addresses as bytes: equal ones are equal bytes."""
    return encode_places({name: Place(at) for name, at in addresses.items()})


def decode_addresses(context: bytes) -> dict[str, Address]:
    """Return the addresses alone; raises UsageError for what `encode_places` did not write."""
    return {name: place.address for name, place in decode_places(context).items()}


def encode_places(places: Mapping[str, Place]) -> bytes:
    """Return places as bytes, ID=HOST:PORT or ID=HOST:PORT#INCARNATION with commas between."""
    return ",".join(f"{name}={_text(place)}" for name, place in sorted(places.items())).encode()


def decode_places(context: bytes) -> dict[str, Place]:
    """Return what `encode_places` wrote; raises UsageError for anything else."""
    places: dict[str, Place] = {}
    for part in filter(None, context.decode().split(",")):
        name, _, text = part.partition("=")
        at, _, incarnation = text.partition("#")
        places[name] = Place(Address.parse(at), incarnation)
    return places


def with_learner(configuration: Configuration, replica_id: str, place: Place) -> Configuration:
    """Return the configuration with a newcomer."""
    places = {**decode_places(configuration.context), replica_id: place}
    learners = configuration.learners | {replica_id}
    return replace(configuration, learners=learners, context=encode_places(places))


def staying(configuration: Configuration, replica_id: str) -> Configuration:
    """Return the configuration in which a learner stays one."""
    return replace(configuration, staying=configuration.staying | {replica_id})


def promoted(configuration: Configuration, replica_id: str) -> Configuration:
    """Return the configuration in which a learner may become a voter."""
    return replace(configuration, staying=configuration.staying - {replica_id})


def moved(configuration: Configuration, replica_id: str, address: Address) -> Configuration:
    """Return the configuration with a member at another address."""
    places = decode_places(configuration.context)
    places[replica_id] = replace(places[replica_id], address=address)
    return replace(configuration, context=encode_places(places))


def without(configuration: Configuration, replica_id: str) -> Configuration:
    """Return the configuration with one member less."""
    places = decode_places(configuration.context)
    places.pop(replica_id, None)
    one = {replica_id}
    return Configuration(
        configuration.voters - one,
        configuration.learners - one,
        encode_places(places),
        configuration.staying - one,
    )


def _text(place: Place) -> str:
    return f"{place.address}#{place.incarnation}" if place.incarnation else str(place.address)
