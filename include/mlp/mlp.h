/* SPDX-License-Identifier: MIT */
/* All of libmlp. */
#ifndef MLP_MLP_H
#define MLP_MLP_H

#include <mlp/check.h>
#include <mlp/checkpoint.h>
#include <mlp/cpu.h>
#include <mlp/dataset.h>
#include <mlp/export_source.h>
#include <mlp/import.h>
#include <mlp/metrics.h>
#include <mlp/model.h>
#include <mlp/onnx.h>
#include <mlp/provenance.h>
#include <mlp/spec.h>
#include <mlp/status.h>
#include <mlp/stream.h>
#include <mlp/train.h>
#include <mlp/version.h>

#endif
