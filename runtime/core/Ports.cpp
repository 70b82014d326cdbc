//===- Ports.cpp - the tensors that a model takes and gives ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Ports.h"

#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cstring>

using namespace qtcrt;

/// The first port that `fits`; null if there is none.
template <typename Predicate>
static const qtcrt_port *findFirst(const qtcrt_model &model, Predicate fits) {
  const qtcrt_port *end = model.ports + model.port_count;
  const qtcrt_port *found = std::find_if(model.ports, end, fits);
  return found == end ? nullptr : found;
}

uint64_t qtcrt::countPorts(const qtcrt_model &model, qtcrt_port_role role) {
  return static_cast<uint64_t>(std::count_if(
      model.ports, model.ports + model.port_count,
      [role](const qtcrt_port &port) { return port.role == role; }));
}

const qtcrt_port *qtcrt::findPort(const qtcrt_model &model,
                                  qtcrt_port_role role) {
  return findFirst(
      model, [role](const qtcrt_port &port) { return port.role == role; });
}

const qtcrt_port *qtcrt::findPort(const qtcrt_model &model,
                                  qtcrt_port_role role, uint64_t output,
                                  const char *name) {
  return findFirst(model, [=](const qtcrt_port &port) {
    return port.role == role && port.output == output &&
           std::strcmp(port.name, name) == 0;
  });
}

/// The port with `role` that an output has once.
static const qtcrt_port &onlyPort(const qtcrt_model &model,
                                  qtcrt_port_role role, uint64_t output) {
  return *findFirst(model, [=](const qtcrt_port &port) {
    return port.role == role && port.output == output;
  });
}

const qtcrt_port &qtcrt::inputPort(const qtcrt_model &model) {
  return *findPort(model, QTCRT_PORT_INPUT);
}

const qtcrt_port &qtcrt::targetPort(const qtcrt_model &model, uint64_t output) {
  return onlyPort(model, QTCRT_PORT_TARGET, output);
}

const qtcrt_port &qtcrt::predictionPort(const qtcrt_model &model,
                                        uint64_t output) {
  return onlyPort(model, QTCRT_PORT_PREDICTION, output);
}

const qtcrt_port &qtcrt::lossPort(const qtcrt_model &model, uint64_t output) {
  return *findPort(model, QTCRT_PORT_METRIC, output, QTCRT_METRIC_LOSS);
}

uint64_t qtcrt::indexOf(const qtcrt_model &model, const qtcrt_port &port) {
  return static_cast<uint64_t>(&port - model.ports);
}

bool qtcrt::isOutput(const qtcrt_port &port) {
  return port.role != QTCRT_PORT_INPUT && port.role != QTCRT_PORT_TARGET;
}

uint64_t qtcrt::portElements(const qtcrt_port &port, int64_t batch) {
  bool isPerExample = port.role != QTCRT_PORT_EXPONENT;
  return port.elements * (isPerExample ? static_cast<uint64_t>(batch) : 1);
}

uint64_t qtcrt::portBytes(const qtcrt_port &port, int64_t batch) {
  return portElements(port, batch) * dtypeBytes(port.dtype);
}

uint64_t qtcrt::unitsOf(const qtcrt_model &model, uint64_t output) {
  const qtcrt_port &prediction = predictionPort(model, output);
  return static_cast<uint64_t>(prediction.shape[prediction.rank - 1]);
}

uint64_t qtcrt::positionsOf(const qtcrt_model &model, uint64_t output) {
  return predictionPort(model, output).elements / unitsOf(model, output);
}

bool qtcrt::takesPixels(const qtcrt_model &model) {
  return countPorts(model, QTCRT_PORT_INPUT) == 1 &&
         inputPort(model).encoding == QTCRT_ENCODING_PIXEL;
}

const char *qtcrt::describeElements(const qtcrt_port &port) {
  if (port.encoding == QTCRT_ENCODING_PIXEL)
    return "pixels";
  if (port.encoding == QTCRT_ENCODING_CLASS)
    return "indices";
  return port.standardized ? "standardized numbers" : "numbers";
}

std::string qtcrt::describeInputs(const qtcrt_model &model) {
  uint64_t count = countPorts(model, QTCRT_PORT_INPUT);
  return count > 1 ? std::to_string(count) + " inputs"
                   : describeElements(inputPort(model));
}

bool qtcrt::predictsClasses(const qtcrt_model &model, uint64_t output) {
  return targetPort(model, output).encoding == QTCRT_ENCODING_CLASS;
}

bool qtcrt::isClassifier(const qtcrt_model &model) {
  return model.output_count == 1 && predictsClasses(model, 0);
}

uint64_t qtcrt::standardizedChannels(const qtcrt_model &model) {
  uint64_t channels = 0;
  for (uint64_t i = 0; i < model.port_count; ++i)
    if (model.ports[i].standardized)
      channels += static_cast<uint64_t>(model.ports[i].shape[0]);
  return channels;
}
