"""What any process of Parkledger needs before it knows its role: command line, logs, shutdown."""
