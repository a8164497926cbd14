/** Shells that `fedctl completion` knows. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const bash = `# fedctl completion for bash: source <(fedctl completion bash)
_fedctl() {
  local IFS=$'\\n'
  COMPREPLY=($(fedctl __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _fedctl fedctl`;

const zsh = `#compdef fedctl
# fedctl completion for zsh: source <(fedctl completion zsh)
_fedctl() {
  local -a found
  found=("\${(@f)$(fedctl __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _fedctl fedctl`;

const fish = `# fedctl completion for fish: fedctl completion fish | source
function __fedctl_complete
  set -l words (commandline -opc) (commandline -ct)
  fedctl __complete -- $words[2..-1] 2>/dev/null
end
complete -c fedctl -a '(__fedctl_complete)'`;

/** What a shell has to source. The candidates come from \`fedctl __complete\`, so that they are never out of date. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
