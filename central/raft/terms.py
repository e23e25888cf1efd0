"""Messages of another term than ours (section 3.3, and what elections make of it)."""

from central.raft.messages import AppendEntries, AppendReply, Message, RequestVote, VoteReply
from central.raft.state import State


def enter(state: State, message: Message) -> bool:
    """Deal with a later term; returns whether the message is to be looked at further."""
    if isinstance(message, RequestVote):
        if state.hears_leader and not message.transfer:
            # Section 4.2.3: "if a server receives a RequestVote request within the minimum
            # election timeout of hearing from a current leader, it does not update its term
            # or grant its vote". A pre-vote gets an answer, so that its sender learns that.
            return message.pre_vote
        if message.pre_vote:
            return True
    if isinstance(message, VoteReply) and message.pre_vote and message.granted:
        return True
    leader = message.sender if isinstance(message, AppendEntries) else None
    state.become_follower(message.term, leader)
    return True


def answer(state: State, message: Message) -> None:
    """Tell whoever asks from an earlier term that it is over (section 3.3)."""
    if isinstance(message, AppendEntries):
        # Also what frees a replica whose term ran ahead while it was cut off: the leader that
        # hears this steps down and is elected anew (etcd#8243).
        reply = AppendReply(state.me, message.sender, state.term, accepted=False)
        state.messages_after.append(reply)
    elif isinstance(message, RequestVote):
        state.messages_after.append(
            VoteReply(
                sender=state.me,
                receiver=message.sender,
                term=state.term,
                granted=False,
                pre_vote=message.pre_vote,
            )
        )
