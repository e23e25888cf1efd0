"""Leader election: time-outs, RequestVote, VoteReply (sections 3.4, 3.6.1, 4.2.3, 9.6)."""

from central.raft import replication
from central.raft.messages import RequestVote, VoteReply
from central.raft.quorum import votes_lost, votes_won
from central.raft.state import Role, State


def hurry(state: State) -> None:
    """Wait for our leader only for a heartbeat and a random time, and no longer refuse votes.

    Where leases are on nothing is hurried: they rest on what we promised.
    """
    config = state.config
    if config.lease:
        return
    wait = config.heartbeat_ticks + state.rng.randrange(max(1, config.election_ticks // 2))
    state.ticks_since_leader = max(state.ticks_since_leader, state.election_deadline - wait)
    state.ticks_since_heard = max(state.ticks_since_heard, config.election_ticks)


def on_time_out(state: State) -> None:
    """No leader was heard for the election time-out: ask for pre-votes (section 9.6)."""
    if not state.may_stand:
        state.draw_election_deadline()
        return
    state.become_pre_candidate()
    if _won(state):
        campaign(state)
        return
    _ask(state, term=state.term + 1, pre_vote=True)


def on_request_vote(state: State, message: RequestVote) -> None:
    """Decide on a vote; the caller has already dealt with `message.term > term`."""
    up_to_date = state.log.is_up_to_date(message.last_log_index, message.last_log_term)
    if message.pre_vote:
        # Section 9.6: "its log is sufficiently up-to-date" and we have not heard from a leader.
        granted = message.term > state.term and up_to_date and not state.hears_leader
        state.messages_after.append(
            VoteReply(
                sender=state.me,
                receiver=message.sender,
                term=message.term if granted else state.term,
                granted=granted,
                pre_vote=True,
            )
        )
        return
    # Section 3.4: "each server will vote for at most one candidate in a given term, on a
    # first-come-first-served basis"; section 3.6.1: only for a log at least as up-to-date.
    # Section 4.2.3 again, where another message has brought us the candidate's term meanwhile: a
    # leader of an earlier term may hold a lease on our promise (section 6.4.1).
    bound = state.hears_leader and not message.transfer
    may_vote = message.term == state.term and state.vote in (None, message.sender) and not bound
    granted = may_vote and up_to_date
    if granted:
        state.vote = message.sender
        state.draw_election_deadline()
    state.messages_after.append(
        VoteReply(sender=state.me, receiver=message.sender, term=state.term, granted=granted)
    )


def on_vote_reply(state: State, message: VoteReply) -> None:
    """Count a vote of the campaign that is under way; others are out of date."""
    expected_role = Role.PRE_CANDIDATE if message.pre_vote else Role.CANDIDATE
    expected_term = state.term + 1 if message.pre_vote and message.granted else state.term
    if state.role is not expected_role or message.term != expected_term:
        return
    if message.granted:
        state.granted.add(message.sender)
    else:
        state.refused.add(message.sender)
    if _won(state):
        if message.pre_vote:
            campaign(state)
        else:
            replication.begin_term(state)
    elif votes_lost(state.voters, state.refused):
        state.become_follower(state.term, None)


def _won(state: State) -> bool:
    return votes_won(state.voters, state.granted)


def campaign(state: State, *, transfer: bool = False) -> None:
    """Stand for election in the next term; `transfer` tells that the leader asked us to."""
    state.become_candidate()
    # Our own vote comes back as a message once it is on disk, like everyone else's.
    state.messages_after.append(
        VoteReply(sender=state.me, receiver=state.me, term=state.term, granted=True)
    )
    _ask(state, term=state.term, transfer=transfer)


def _ask(state: State, *, term: int, pre_vote: bool = False, transfer: bool = False) -> None:
    for peer in sorted(state.voters - {state.me}):
        state.messages_after.append(
            RequestVote(
                sender=state.me,
                receiver=peer,
                term=term,
                last_log_index=state.log.last_index,
                last_log_term=state.log.last_term,
                pre_vote=pre_vote,
                transfer=transfer,
            )
        )
