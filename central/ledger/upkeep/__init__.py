"""What an operator does now and then: back up, restore, recover, verify."""
