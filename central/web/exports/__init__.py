"""The formats that publishers of parking data use. Each file is one format, and pure."""
