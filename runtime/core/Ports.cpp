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
                                  qtcrt_port_role role, const char *name) {
  return findFirst(model, [role, name](const qtcrt_port &port) {
    return port.role == role && std::strcmp(port.name, name) == 0;
  });
}

const qtcrt_port &qtcrt::inputPort(const qtcrt_model &model) {
  return *findPort(model, QTCRT_PORT_INPUT);
}

const qtcrt_port &qtcrt::targetPort(const qtcrt_model &model) {
  return *findPort(model, QTCRT_PORT_TARGET);
}

const qtcrt_port &qtcrt::predictionPort(const qtcrt_model &model) {
  return *findPort(model, QTCRT_PORT_PREDICTION);
}

const qtcrt_port &qtcrt::lossPort(const qtcrt_model &model) {
  return *findPort(model, QTCRT_PORT_METRIC, QTCRT_METRIC_LOSS);
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

uint64_t qtcrt::outputsOf(const qtcrt_model &model) {
  const qtcrt_port &prediction = predictionPort(model);
  return static_cast<uint64_t>(prediction.shape[prediction.rank - 1]);
}

uint64_t qtcrt::positionsOf(const qtcrt_model &model) {
  return predictionPort(model).elements / outputsOf(model);
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

bool qtcrt::predictsClasses(const qtcrt_model &model) {
  return targetPort(model).encoding == QTCRT_ENCODING_CLASS;
}

uint64_t qtcrt::standardizedChannels(const qtcrt_model &model) {
  uint64_t channels = 0;
  for (uint64_t i = 0; i < model.port_count; ++i)
    if (model.ports[i].standardized)
      channels += static_cast<uint64_t>(model.ports[i].shape[0]);
  return channels;
}
