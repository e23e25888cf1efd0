"""The gRPC services of a replica."""
