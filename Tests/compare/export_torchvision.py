#!/usr/bin/env python3
"""Writes ONNX exports of torchvision classifiers, to import and quantise.

    python3 Tests/compare/export_torchvision.py FOLDER [NETWORK ...]

The weights are random (seeded): it is the structure that is wanted. Random weights alone give
networks whose activations die out or explode, so the batch-norm statistics are taken from a few
forward passes over random images, and the layers without one after them are scaled to keep the
variance. Needs torch, torchvision and onnx; nothing is downloaded.
"""

import argparse
import pathlib
import warnings

import numpy as np
import onnxruntime
import torch
import torchvision.models as models

NETWORKS = {
    "mobilenet_v2": models.mobilenet_v2,
    "resnet18": models.resnet18,
    "resnet50": models.resnet50,
    "squeezenet1_1": models.squeezenet1_1,
    "shufflenet_v2_x1_0": models.shufflenet_v2_x1_0,
    "mobilenet_v3_small": models.mobilenet_v3_small,
    "regnet_y_400mf": models.regnet_y_400mf,
    "mnasnet1_0": models.mnasnet1_0,
    "densenet121": models.densenet121,
    "googlenet": lambda weights: models.googlenet(
        weights=weights, aux_logits=False, init_weights=True, transform_input=False
    ),
}

# Exported a second time by the newer exporter (opset 18, the batch left open).
DYNAMO = ["mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x1_0"]


def images(count):
    """Random images with structure at several scales: plain noise averages out in the pooling."""
    total = torch.zeros(count, 3, 224, 224)
    for size in (4, 14, 56, 224):
        noise = torch.randn(count, 3, size, size)
        total += torch.nn.functional.interpolate(noise, size=(224, 224), mode="bilinear")
    return total / 2


def network(name):
    torch.manual_seed(1)
    net = NETWORKS[name](weights=None)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over the passes below
        with torch.no_grad():
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
    for layer in net.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)) and (
            not norms or isinstance(layer, torch.nn.Linear)
        ):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                torch.nn.init.uniform_(layer.bias, -0.1, 0.1)
    if norms:
        net.train()
        with torch.no_grad():
            for _ in range(3):
                net(images(8))
    return net.eval()


def golden(path, image):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options)
    pixels = image.numpy()
    logits = session.run(None, {"input": pixels})[0]
    parts = [np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)), logits]
    path.with_suffix(".golden").write_bytes(b"".join(part.tobytes() for part in parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    options = parser.parse_args()
    unknown = set(options.networks) - set(NETWORKS)
    if unknown:
        parser.error("no such network: " + ", ".join(sorted(unknown)))
    options.folder.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    for name in options.networks or NETWORKS:
        net = network(name)
        example = images(1)
        with torch.no_grad():
            print(f"{name}: logits have a standard deviation of {net(example).std():.3g}")
        torch.onnx.export(
            net,
            (example,),
            str(options.folder / f"{name}.onnx"),
            opset_version=17,
            input_names=["input"],
            output_names=["logits"],
            dynamo=False,
        )
        golden(options.folder / f"{name}.onnx", example)
        if name in DYNAMO:
            try:
                torch.onnx.export(
                    net,
                    (images(2),),
                    str(options.folder / f"{name}.dynamo.onnx"),
                    opset_version=18,
                    input_names=["input"],
                    output_names=["logits"],
                    dynamic_shapes=({0: torch.export.Dim("batch")},),
                    dynamo=True,
                    external_data=False,
                )
                golden(options.folder / f"{name}.dynamo.onnx", example)
            except Exception as problem:  # the newer exporter needs onnxscript, and is in motion
                print(f"{name}: the newer exporter failed: {problem}")


if __name__ == "__main__":
    main()
