"""The ways between replicas: who they are, and the connections."""
