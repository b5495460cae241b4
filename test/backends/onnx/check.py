"""Checks each model that is named: the checker in full, and shape inference in strict mode. Prints one JSON line for each."""

import json
import sys

import onnx

for path in sys.argv[1:]:
    problem = None
    try:
        onnx.checker.check_model(path, full_check=True)
        model = onnx.load(path)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as cause:  # whatever onnx throws is the finding
        problem = str(cause)
    print(json.dumps({"path": path, "problem": problem}))
