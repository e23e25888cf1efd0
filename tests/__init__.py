import models  # noqa: F401 - silences ONNX Runtime before any test imports it
