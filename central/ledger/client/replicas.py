"""The replicas as a client knows them: their channels, and which one is believed to be primary."""

import asyncio
from collections.abc import Iterable, Sequence

import grpc

from central.ledger.wire.channels import channel_options
from central.ledger.wire.status_codes import primary_hint
from node.address import Address


class Replicas:
    """The replicas' channels, and which of them is believed to be the primary."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        if not addresses:
            raise ValueError("no replica's address was given")
        self._addresses = list(dict.fromkeys(addresses))
        self._channels: dict[Address, grpc.aio.Channel] = {}
        self.target = self._addresses[0]

    def channel(self, address: Address | None = None) -> grpc.aio.Channel:
        """Return the channel to that replica, or to the believed primary."""
        address = address or self.target
        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(
                str(address), options=channel_options()
            )
        return self._channels[address]

    def learn(self, addresses: Iterable[Address]) -> None:
        """Ask these, too, when others fail."""
        self._addresses.extend(one for one in addresses if one not in self._addresses)

    def failed(self, target: Address, error: grpc.aio.AioRpcError | None) -> bool:
        """Choose whom to ask next after `target` failed; returns whether it was named to us."""
        hint = primary_hint(error) if error else None
        if hint:
            if hint not in self._addresses:
                self._addresses.append(hint)
            self.target = hint
            return hint != target
        if self.target == target:
            following = self._addresses.index(target) + 1 if target in self._addresses else 0
            self.target = self._addresses[following % len(self._addresses)]
        return False

    async def close(self) -> None:
        """Close all channels."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))
