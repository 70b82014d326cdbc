//===- Ports.h - the tensors that a model takes and gives -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ports are found by what they are for, never by their place. All functions
// expect a model that checkModel accepts, unless they say otherwise.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_PORTS_H
#define QTCRT_PORTS_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>

namespace qtcrt {

/// The number of ports with `role`, whatever the model.
uint64_t countPorts(const qtcrt_model &model, qtcrt_port_role role);

/// The first port with `role`; null if there is none. Takes any model.
const qtcrt_port *findPort(const qtcrt_model &model, qtcrt_port_role role);

/// The first port of `output` with `role` and `name`; null if there is none.
/// Takes any model whose ports have names.
const qtcrt_port *findPort(const qtcrt_model &model, qtcrt_port_role role,
                           uint64_t output, const char *name);

/// The first of the inputs.
const qtcrt_port &inputPort(const qtcrt_model &model);
/// The ports of an output, by its index.
const qtcrt_port &targetPort(const qtcrt_model &model, uint64_t output = 0);
const qtcrt_port &predictionPort(const qtcrt_model &model, uint64_t output = 0);
/// The metric QTCRT_METRIC_LOSS.
const qtcrt_port &lossPort(const qtcrt_model &model, uint64_t output = 0);

/// The place of one of the model's ports in qtcrt_model::ports and
/// qtcrt_step::ports.
uint64_t indexOf(const qtcrt_model &model, const qtcrt_port &port);

/// Whether the step writes the port.
bool isOutput(const qtcrt_port &port);

/// Elements and bytes of the whole port in a step of `batch` examples.
uint64_t portElements(const qtcrt_port &port, int64_t batch);
uint64_t portBytes(const qtcrt_port &port, int64_t batch);

/// Numbers that an output predicts for one position of an example.
uint64_t unitsOf(const qtcrt_model &model, uint64_t output = 0);

/// Positions of an example for which an output predicts something; mostly 1.
uint64_t positionsOf(const qtcrt_model &model, uint64_t output = 0);

/// Whether the only input is pixels.
bool takesPixels(const qtcrt_model &model);

/// What the elements of an input are, in the plural.
const char *describeElements(const qtcrt_port &port);

/// What the model takes, in the plural.
std::string describeInputs(const qtcrt_model &model);

/// Whether the targets of an output are classes, and not numbers.
bool predictsClasses(const qtcrt_model &model, uint64_t output);

/// Whether the only targets are classes, so that the accuracy says how good the
/// model is. Otherwise the loss does, of which less is better.
bool isClassifier(const qtcrt_model &model);

/// Channels of all inputs that are standardized.
uint64_t standardizedChannels(const qtcrt_model &model);

} // namespace qtcrt

#endif // QTCRT_PORTS_H
