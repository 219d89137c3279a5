#include "clients/cli/completion.h"

#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/completion_model.h"

namespace millrace::cli {
namespace {

// In single quotes, as bash and zsh read them.
std::string Quote(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// In single quotes, as fish reads them.
std::string FishQuote(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// "'name:description'" for zsh's _describe, where a colon in a name would end it.
std::string ZshEntry(const std::string& name, const std::string& description) {
  return Quote(absl::StrCat(absl::StrReplaceAll(name, {{":", "\\:"}}), ":", description));
}

// A case pattern of every path in the tree but the root's, which is where each search begins.
std::string PathPattern(const std::vector<CompletionCommand>& commands) {
  std::vector<std::string> paths;
  for (size_t i = 1; i < commands.size(); ++i) paths.push_back(absl::StrCat("\"", commands[i].path, "\""));
  return absl::StrJoin(paths, "|");
}

// A case pattern of the flags that take a value: what follows one is not a command.
std::string ValueFlagPattern(const std::vector<CompletionCommand>& commands) {
  std::set<std::string> names;
  for (const CompletionCommand& command : commands) {
    for (const CompletionFlag& flag : command.flags) {
      if (flag.takes_value) names.insert(flag.names.begin(), flag.names.end());
    }
  }
  return absl::StrJoin(names, "|");
}

// Case branches that act on "PATH FLAG" for flags with values: `with_choices` makes the action.
template <typename Action>
std::string ValueBranches(const std::vector<CompletionCommand>& commands, Action with_choices) {
  std::string branches;
  for (const CompletionCommand& command : commands) {
    for (const CompletionFlag& flag : command.flags) {
      if (!flag.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : flag.names) patterns.push_back(absl::StrCat("\"", command.path, " ", name, "\""));
      absl::StrAppend(&branches, "    ", absl::StrJoin(patterns, "|"), ")\n      ",
                      flag.choices.empty() ? ":" : with_choices(flag.choices), "\n      return ;;\n");
    }
  }
  return branches;
}

std::string BashScript(const std::vector<CompletionCommand>& commands) {
  const auto words = [](const std::vector<std::string>& choices) {
    return absl::StrCat("COMPREPLY=($(compgen -W ", Quote(absl::StrJoin(choices, " ")), " -- \"$current\"))");
  };
  std::string script = absl::StrCat(
      "# bash completion for millrace. To use it:  source <(millrace completion bash)\n"
      "_millrace() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" path=millrace i\n"
      "  COMPREPLY=()\n"
      "  # Readline takes --flag=value apart at the sign.\n"
      "  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then "
      "previous=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in ",
      ValueFlagPattern(commands),
      ") ((i++)); continue ;; esac\n"
      "    case \"$path ${COMP_WORDS[i]}\" in ",
      PathPattern(commands),
      ") path=\"$path ${COMP_WORDS[i]}\" ;; esac\n"
      "  done\n"
      "  case \"$path $previous\" in\n",
      ValueBranches(commands, words), "  esac\n  case \"$path\" in\n");
  for (const CompletionCommand& command : commands) {
    std::vector<std::string> flags;
    for (const CompletionFlag& flag : command.flags) flags.insert(flags.end(), flag.names.begin(), flag.names.end());
    std::vector<std::string> arguments = command.choices;
    for (const auto& subcommand : command.subcommands) arguments.push_back(subcommand.name);
    absl::StrAppend(&script, "    \"", command.path, "\")\n      if [[ $current == -* ]]; then ", words(flags), "\n");
    if (command.takes_files) {
      absl::StrAppend(&script, "      else compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\"))\n");
    } else if (!arguments.empty()) {
      absl::StrAppend(&script, "      else ", words(arguments), "\n");
    }
    absl::StrAppend(&script, "      fi ;;\n");
  }
  return absl::StrCat(script, "  esac\n}\ncomplete -F _millrace millrace\n");
}

std::string ZshScript(const std::vector<CompletionCommand>& commands) {
  const auto words = [](const std::vector<std::string>& choices) {
    return absl::StrCat("compadd -- ", absl::StrJoin(choices, " "));
  };
  std::string script = absl::StrCat(
      "#compdef millrace\n"
      "# zsh completion for millrace. To use it:  millrace completion zsh > DIR/_millrace, DIR being in $fpath;\n"
      "# or, after compinit:  source <(millrace completion zsh)\n"
      "_millrace() {\n"
      "  local current=\"${words[CURRENT]}\" previous=\"${words[CURRENT-1]}\" path_=millrace i\n"
      "  local -a commands flags\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"${words[i]}\" in ",
      ValueFlagPattern(commands),
      ") ((i++)); continue ;; esac\n"
      "    case \"$path_ ${words[i]}\" in ",
      PathPattern(commands),
      ") path_=\"$path_ ${words[i]}\" ;; esac\n"
      "  done\n"
      "  case \"$path_ $previous\" in\n",
      ValueBranches(commands, words), "  esac\n  case \"$path_\" in\n");
  for (const CompletionCommand& command : commands) {
    absl::StrAppend(&script, "    \"", command.path, "\")\n      flags=(");
    for (const CompletionFlag& flag : command.flags) {
      for (const std::string& name : flag.names)
        absl::StrAppend(&script, "\n        ", ZshEntry(name, flag.description));
    }
    absl::StrAppend(&script, ")\n      commands=(");
    for (const auto& subcommand : command.subcommands) {
      absl::StrAppend(&script, "\n        ", ZshEntry(subcommand.name, subcommand.description));
    }
    absl::StrAppend(&script, ")\n");
    if (command.takes_files) absl::StrAppend(&script, "      [[ $current == -* ]] || _files\n");
    if (!command.choices.empty())
      absl::StrAppend(&script, "      [[ $current == -* ]] || ", words(command.choices), "\n");
    absl::StrAppend(&script, "      ;;\n");
  }
  return absl::StrCat(
      script,
      "  esac\n"
      "  if [[ $current == -* ]]; then _describe -o flag flags\n"
      "  elif (( $#commands )); then _describe command commands\n"
      "  fi\n"
      "}\n"
      "if [[ $funcstack[1] == _millrace ]]; then _millrace \"$@\"; else compdef _millrace millrace; fi\n");
}

std::string FishFlag(const std::string& condition, const CompletionFlag& flag) {
  std::string line = absl::StrCat("complete -c millrace -n ", FishQuote(condition));
  for (const std::string& name : flag.names) {
    const bool is_long = name[1] == '-';
    absl::StrAppend(&line, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1));
  }
  if (flag.takes_value) absl::StrAppend(&line, " -x");
  if (!flag.choices.empty()) absl::StrAppend(&line, " -a ", FishQuote(absl::StrJoin(flag.choices, " ")));
  return absl::StrCat(line, " -d ", FishQuote(flag.description), "\n");
}

std::string FishScript(const std::vector<CompletionCommand>& commands) {
  std::vector<std::string> paths;
  for (size_t i = 1; i < commands.size(); ++i) paths.push_back(FishQuote(commands[i].path));
  std::string script = absl::StrCat(
      "# fish completion for millrace. To use it:  millrace completion fish > "
      "~/.config/fish/completions/millrace.fish\n"
      "function __millrace_at\n"
      "    set -l path millrace\n"
      "    set -l skip 0\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        if test $skip -eq 1\n"
      "            set skip 0\n"
      "        else if contains -- $word ",
      absl::StrReplaceAll(ValueFlagPattern(commands), {{"|", " "}}),
      "\n"
      "            set skip 1\n"
      "        else if contains -- \"$path $word\" ",
      absl::StrJoin(paths, " "),
      "\n"
      "            set path \"$path $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$path\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c millrace -f\n");
  for (const CompletionCommand& command : commands) {
    const std::string condition = absl::StrCat("__millrace_at \"", command.path, "\"");
    const std::string prefix = absl::StrCat("complete -c millrace -n ", FishQuote(condition));
    for (const auto& subcommand : command.subcommands) {
      absl::StrAppend(&script, prefix, " -a ", subcommand.name, " -d ", FishQuote(subcommand.description), "\n");
    }
    if (!command.choices.empty()) {
      absl::StrAppend(&script, prefix, " -a ", FishQuote(absl::StrJoin(command.choices, " ")), "\n");
    }
    if (command.takes_files) absl::StrAppend(&script, prefix, " -F\n");
    for (const CompletionFlag& flag : command.flags) script += FishFlag(condition, flag);
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& root, const std::string& shell) {
  const std::vector<CompletionCommand> commands = MakeCompletionModel(root);
  if (shell == "zsh") return ZshScript(commands);
  if (shell == "fish") return FishScript(commands);
  return BashScript(commands);
}

}  // namespace millrace::cli
