#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xgrad/nn/module.hpp"
#include "xgrad/train/report.hpp"

// The parts of a report, each as HTML; "" where there is nothing to say.

namespace xgrad::train {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string section(const std::string& heading, const std::string& content);
std::string table_of(const Facts& facts);
Facts options_of(const Training& training);
Facts versions();
std::string curves_of(const History& history);
std::string epochs_of(const History& history);
std::string confusion_of(const Training& training, const std::vector<std::string>& classes);
std::string examples_of(nn::Module& model, const ReportOptions& options);

}  // namespace xgrad::train
