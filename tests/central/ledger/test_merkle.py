"""The tree against RFC 6962's own definition, written down as it stands there, and its vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    audit_path,
    frontier_at,
    leaf_hash,
    node_hash,
    root_of_path,
)

# Of the Certificate Transparency project's tests: eight leaves, and the root over the first n.
VECTOR_LEAVES = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
VECTOR_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def root_of(data: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962, section 2.1."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return leaf_hash(data[0])
    split = 1
    while split * 2 < len(data):
        split *= 2
    return node_hash(root_of(data[:split]), root_of(data[split:]))


def leaves_of(count: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(count)]


def grown(data: list[bytes]) -> Frontier:
    frontier = Frontier()
    for one in data:
        frontier.append(leaf_hash(one))
    return frontier


def test_the_vectors() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for leaf, root in zip(VECTOR_LEAVES, VECTOR_ROOTS, strict=True):
        frontier.append(leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == root


@given(st.integers(0, 200))
def test_it_grows_to_the_root_that_the_definition_gives(count: int) -> None:
    assert grown(leaves_of(count)).root() == root_of(leaves_of(count))


@given(st.integers(1, 200), st.data())
def test_what_append_completes_is_all_that_paths_and_frontiers_need(
    count: int, data: st.DataObject
) -> None:
    leaves = leaves_of(count)
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for number, digest in enumerate(map(leaf_hash, leaves)):
        nodes[0, number] = digest
        nodes |= {(n.level, n.position): n.digest for n in frontier.append(digest)}

    def subtree(level: int, position: int) -> bytes:
        return nodes[level, position]

    size = data.draw(st.integers(1, count))
    assert frontier_at(size, subtree).root() == root_of(leaves[:size])
    leaf = data.draw(st.integers(0, size - 1))
    path = audit_path(leaf, size, subtree)
    assert len(path) <= (size - 1).bit_length()
    assert root_of_path(leaf_hash(leaves[leaf]), leaf, size, path) == root_of(leaves[:size])

    # and it proves nothing else
    wrong = data.draw(st.integers(0, size - 1).filter(lambda n: n != leaf) | st.just(-1))
    other = leaf_hash(b"another")
    assert root_of_path(other, leaf, size, path) != root_of(leaves[:size])
    assert root_of_path(leaf_hash(leaves[leaf]), wrong, size, path) != root_of(leaves[:size])


def test_a_path_of_the_wrong_length_leads_nowhere() -> None:
    leaves = [leaf_hash(leaf) for leaf in leaves_of(3)]
    assert root_of_path(leaves[0], 0, 3, [leaves[1]]) is None
    assert root_of_path(leaves[0], 0, 3, [leaves[1], leaves[2], leaves[2]]) is None
    assert root_of_path(leaves[0], 3, 3, leaves) is None
    assert root_of_path(leaves[0], -1, 3, leaves) is None


def test_a_copy_grows_by_itself() -> None:
    one = grown(leaves_of(5))
    other = one.copy()
    other.append(leaf_hash(b"more"))
    assert (one.size, one.root()) == (5, root_of(leaves_of(5)))


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_a_leaf_is_never_taken_for_a_node(count: int) -> None:
    """Second preimage: a leaf whose data are two hashes is another hash than their node."""
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert leaf_hash(left + right) != node_hash(left, right)
